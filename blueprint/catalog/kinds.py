"""What the tool must know of a kind of object: when it is written, how its state is read, what cannot change.

Kubernetes' own kinds are in `kubernetes/kinds.yaml`, those that a component brings under `kinds` in its
`component.yaml`: by `Kind.group`, or `Kind` alone for the core group.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.records import Record

FieldPath = Annotated[str, Matching(r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*", "a dotted path of a field")]
KindName = Annotated[str, Matching(r"([A-Z][A-Za-z0-9]*|\*)(\.[a-z0-9.-]+)?", "Kind.group")]
StageName = Literal[
    "namespaces", "definitions", "operators", "accounts", "configuration", "workloads", "custom", "admission"
]


class Replicas(Record, kw_only=True):
    """Healthy when as many are there as are wanted.

    Attributes:
        wanted: The field with the number that is wanted.
        default: How many are wanted where that field is not there.
        have: Fields with the numbers that are there; the least of them counts.
        none: What it means that none is wanted; without that, nothing.
        failed: Reasons of conditions that say that it has been given up.
    """

    wanted: FieldPath
    default: int
    have: tuple[FieldPath, ...]
    none: Text | None = None
    failed: tuple[Text, ...] = ()


class FieldState(Record, kw_only=True):
    """Healthy when one field has one of some values.

    Attributes:
        field: The field.
        values: Its values when all is well.
        hollow: Reasons of true conditions under which such a value means that there was nothing to do.
        idle: Reasons of true conditions that are no complaint where no node with a GPU need be there.
    """

    field: FieldPath
    values: tuple[Text, ...]
    hollow: tuple[Text, ...] = ()
    idle: tuple[Text, ...] = ()


class ConditionState(Record, kw_only=True):
    """Healthy when a condition is true, and another is not.

    Attributes:
        type: The condition that must be true.
        degraded: The condition that must not.
    """

    type: Text
    degraded: Text | None = None


class Completion(Record, kw_only=True):
    """Healthy when it has ended well.

    Attributes:
        complete: The condition that says so.
        failed: The condition that says the opposite.
        running: The field with the number that still runs.
    """

    complete: Text
    failed: Text
    running: FieldPath


class Readiness(Record, kw_only=True):
    """How to read in an object's status whether it works: in one of five ways.

    Attributes:
        replicas: By counting.
        state: By the value of a field.
        condition: By its conditions.
        completion: By its end.
        subscription: As the Operator Lifecycle Manager has it.
        always_observed: Whether its controller always says which generation it has seen, so that silence is no state.
    """

    replicas: Replicas | None = None
    state: FieldState | None = None
    condition: ConditionState | None = None
    completion: Completion | None = None
    subscription: bool = False
    always_observed: bool = False

    def complaint(self) -> str | None:
        """What is wrong with it: not one way, or several."""
        ways = (self.replicas, self.state, self.condition, self.completion, self.subscription or None)
        found = sum(way is not None for way in ways)
        return None if found == 1 else "one of replicas, state, condition, completion and subscription is required"


class Retained(Record, kw_only=True):
    """A field of `spec` and the value that the API server silently keeps when it is no longer declared."""

    field: Text
    value: Text


class MadeAccounts(Record, kw_only=True):
    """The ServiceAccounts that the controller of a kind makes.

    Attributes:
        namespace: The field that names their namespace.
        names: Their names.
    """

    namespace: FieldPath
    names: tuple[Text, ...]


class Kind(Record, kw_only=True):
    """The facts of one kind; without any, it is written with its like, and nothing is read in its status.

    Attributes:
        stage: When it is written. Without: `configuration` for Kubernetes' own kinds, `custom` for others.
        listed: Among the configuration, where a bundle lists it; without, after the workloads.
        follows_peers: Whether it comes after the others of its stage.
        ready: How its state is read; without, it has none.
        immutable: Fields that cannot change on an existing object, each with everything under it. What the rules of a
            custom resource's definition say by themselves need not stand here.
        never_replaced: Why it is never deleted to be made anew.
        carries: What always goes with it when it is made anew; then it is, whatever its state, only by its name.
        retains: What the API server keeps of it.
        claims: Whether with such an object pods claim GPUs, and no device plugin offers them.
        makes_secret: The field with the name of the Secret that its controller makes beside it.
        makes_accounts: The ServiceAccounts that its controller makes.
    """

    stage: StageName | None = None
    listed: Literal["settings", "roles", "bindings", "services"] | None = None
    follows_peers: bool = False
    ready: Readiness | None = None
    immutable: tuple[FieldPath, ...] = ()
    never_replaced: Text | None = None
    carries: Text | None = None
    retains: Retained | None = None
    claims: bool = False
    makes_secret: FieldPath | None = None
    makes_accounts: MadeAccounts | None = None


class Kinds(CatalogueFile, kw_only=True):
    """The whole file of Kubernetes' own kinds."""

    kinds: Mapping[KindName, Kind]
