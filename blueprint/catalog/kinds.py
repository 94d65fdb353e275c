"""Facts about kinds of objects: when they are written, how their readiness is determined, what cannot change.

Kubernetes' own kinds are in `kubernetes/kinds.yaml`, those of a component under `kinds` in its `component.yaml`: by
`Kind.group`, or `Kind` alone for the core group.
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
    """Healthy if the number of replicas equals the desired number.

    Attributes:
        wanted: The field with the desired number.
        default: The desired number if that field is missing.
        have: Fields with the actual numbers; the smallest one counts.
        none: What a desired number of zero means; if empty, nothing.
        failed: Reasons of conditions that mean that the object has failed.
    """

    wanted: FieldPath
    default: int
    have: tuple[FieldPath, ...]
    none: Text | None = None
    failed: tuple[Text, ...] = ()


class FieldState(Record, kw_only=True):
    """Healthy if a field has one of certain values.

    Attributes:
        field: The field.
        values: Its healthy values.
        hollow: Reasons of true conditions under which such a value means that there was nothing to do.
        idle: Reasons of true conditions that are not a problem if no GPU nodes are expected.
    """

    field: FieldPath
    values: tuple[Text, ...]
    hollow: tuple[Text, ...] = ()
    idle: tuple[Text, ...] = ()


class ConditionState(Record, kw_only=True):
    """Healthy if one condition is true, and another one is not.

    Attributes:
        type: The condition that must be true.
        degraded: The condition that must not be true.
    """

    type: Text
    degraded: Text | None = None


class Completion(Record, kw_only=True):
    """Healthy if it has completed successfully.

    Attributes:
        complete: The condition for success.
        failed: The condition for failure.
        running: The field with the number of active pods.
    """

    complete: Text
    failed: Text
    running: FieldPath


class Readiness(Record, kw_only=True):
    """How to determine from an object's status whether it is ready, in one of five ways.

    Attributes:
        replicas: By the number of replicas.
        state: By the value of a field.
        condition: By its conditions.
        completion: By its completion.
        subscription: By the rules of the Operator Lifecycle Manager.
        always_observed: Whether its controller always sets observedGeneration, so that a missing value means no status.
    """

    replicas: Replicas | None = None
    state: FieldState | None = None
    condition: ConditionState | None = None
    completion: Completion | None = None
    subscription: bool = False
    always_observed: bool = False

    def complaint(self) -> str | None:
        """An error in the definition: none of the ways, or several."""
        ways = (self.replicas, self.state, self.condition, self.completion, self.subscription or None)
        found = sum(way is not None for way in ways)
        return None if found == 1 else "one of replicas, state, condition, completion and subscription is required"


class Retained(Record, kw_only=True):
    """A field of `spec`, and the value that the API server silently keeps when the field is no longer declared."""

    field: Text
    value: Text


class MadeAccounts(Record, kw_only=True):
    """The ServiceAccounts that the controller of a kind creates.

    Attributes:
        namespace: The field with their namespace.
        names: Their names.
    """

    namespace: FieldPath
    names: tuple[Text, ...]


class Kind(Record, kw_only=True):
    """Facts about one kind. By default, it is written in the usual stage and its status is not read.

    Attributes:
        stage: When it is written. Default: `configuration` for Kubernetes' own kinds, `custom` for others.
        listed: Whether a bundle lists it with the configuration instead of after the workloads.
        follows_peers: Whether it is written after the others of its stage.
        ready: How its readiness is determined; None if it has none.
        immutable: Fields that cannot change on an existing object, each with everything below it. Rules in the CRD
            itself need not be repeated here.
        never_replaced: Why it is never deleted and recreated.
        carries: What is always lost when it is recreated; it is then recreated only if requested by name.
        retains: What the API server keeps of it.
        claims: Whether with such an object pods claim GPUs, and no device plugin offers them.
        makes_secret: The field with the name of the Secret that its controller creates.
        makes_accounts: The ServiceAccounts that its controller creates.
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
