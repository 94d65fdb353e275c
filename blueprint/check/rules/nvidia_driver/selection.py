"""The nodes and kernel modules of an NVIDIADriver."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.driver import (
    DRIVERS_UNUSED,
    PRECOMPILED_CONFLICT,
    STORAGE_NEEDS_OPEN,
    VERSION_WITH_SYSTEM,
    driver_faults,
    drivers_allowed,
)
from blueprint.check.common.driver_upgrades import UPGRADE_WITHOUT_EFFECT, upgrade_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping, severity_across_files
from blueprint.diagnostics import Severity, define
from blueprint.effective.operator import NVIDIA_DRIVER
from blueprint.kubernetes.label_index import LabelIndex

DRIVERS_CONFLICT = define("BP6044", "driver-objects-conflict", page=__file__)
DRIVER_OWNER_LABEL = define("BP6045", "driver-selected-by-its-own-label", page=__file__)
LICENCE_IGNORED = define("BP6046", "licence-setting-ignored", page=__file__, severity=Severity.WARNING)
_OWNER = "nvidia.com/gpu-operator.driver.owner"
_GPU_NODES = {"nvidia.com/gpu.present": "true"}


@rule(PRECOMPILED_CONFLICT, STORAGE_NEEDS_OPEN, VERSION_WITH_SYSTEM, tags=("operator", "driver"))
def modules(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kernel module types that conflict with other features."""
    spec = mapping(subject.data.get("spec"))
    extra = [name for name in ("gds", "gdrcopy") if inside(spec, name, "enabled") is True]
    yield from driver_faults(subject, ("spec",), extra, ("spec",))


@rule(UPGRADE_WITHOUT_EFFECT, tags=("operator", "driver"))
def upgrades(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields of the upgrade policy that have no effect because of others."""
    if subject.component == USERS:
        yield from upgrade_faults(subject, ("spec",))


@rule(DRIVERS_UNUSED, tags=("operator", "driver"))
def unused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's driver on a platform whose ClusterPolicy determines the driver."""
    if subject.component == USERS and not drivers_allowed(context):
        text = "the operator ignores it, because the ClusterPolicy sets one driver for all nodes"
        help_ = "set components.gpu-operator.settings.driverObjects: always"
        policy = context.cluster_policy
        override = severity_across_files(subject, policy, context) if policy else None
        yield ObjectFinding(DRIVERS_UNUSED, ("metadata", "name"), text, help_, override)


@rule(DRIVERS_CONFLICT, tags=("operator", "driver"))
def selectors(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Two drivers for the same nodes.

    If one is rendered and one is the user's, the user's is reported, otherwise the later one.
    """
    drivers = context.once(_Drivers)
    if (other := drivers.before(subject)) is None:
        return
    override = severity_across_files(subject, other, context)
    if _default(subject):
        text = f"{other.id.name} is already the default driver"
        yield ObjectFinding(DRIVERS_CONFLICT, ("spec", "default"), text, override=override)
    else:
        yield ObjectFinding(DRIVERS_CONFLICT, ("spec", "nodeSelector"), *_conflict(subject, other), override)


@rule(DRIVERS_CONFLICT, tags=("operator", "driver"))
def default(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A default driver with a selector."""
    if _default(subject) and inside(subject.data, "spec", "nodeSelector"):
        text = "the default driver is for all other nodes, so it must not have a nodeSelector"
        yield ObjectFinding(DRIVERS_CONFLICT, ("spec", "nodeSelector"), text, "remove nodeSelector, or default")


@rule(DRIVER_OWNER_LABEL, tags=("operator", "driver"))
def owner(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A selector with the operator's own label."""
    if _OWNER in mapping(inside(subject.data, "spec", "nodeSelector")):
        text = f"spec.nodeSelector uses {_OWNER}, which the operator sets"
        yield ObjectFinding(DRIVER_OWNER_LABEL, ("spec", "nodeSelector", _OWNER), text, "select by another label")


@rule(LICENCE_IGNORED, tags=("operator", "driver"))
def licence(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A disabled licence system."""
    if inside(subject.data, "spec", "licensingConfig", "nlsEnabled") is False:
        path = ("spec", "licensingConfig", "nlsEnabled")
        yield ObjectFinding(LICENCE_IGNORED, path, "spec.licensingConfig.nlsEnabled: false is ignored", "remove it")


def _conflict(subject: Object, other: Object) -> tuple[str, str]:
    """What is wrong, and the way out."""
    if not inside(subject.data, "spec", "nodeSelector"):
        text = f"has no nodeSelector, so it also selects the nodes of {other.id.name}"
        return text, "give it a nodeSelector for other nodes, or set spec.default: true"
    if not inside(other.data, "spec", "nodeSelector"):
        text = f"selects nodes that {other.id.name}, which has no nodeSelector, also selects"
        return text, f"give {other.id.name} a nodeSelector for other nodes, or set its spec.default: true"
    text = f"spec.nodeSelector selects nodes that {other.id.name} also selects"
    return text, "use labels that are mutually exclusive"


def _selector(subject: Object) -> dict[str, str]:
    labels = mapping(inside(subject.data, "spec", "nodeSelector"))
    texts = {key: value for key, value in labels.items() if isinstance(value, str)}
    return texts or _GPU_NODES


def _labels(subject: Object) -> dict[str, str]:
    """The labels that its nodes have: drivers are for nodes with GPUs, so one without a selector is for all."""
    return {**_GPU_NODES, **_selector(subject)}


def _default(subject: Object) -> bool:
    return inside(subject.data, "spec", "default") is True


class _Drivers:
    """Driver objects indexed by the nodes that they select: a thousand pools may have one each."""

    def __init__(self, context: RuleContext) -> None:
        drivers = context.objects_of_kind(NVIDIA_DRIVER)
        self._place = {id(each): place for place, each in enumerate(drivers)}
        self._defaults = _first_two(each for each in drivers if _default(each))
        alike: dict[frozenset[tuple[str, str]], list[Object]] = defaultdict(list)
        for each in drivers:
            if not _default(each):
                alike[frozenset(_selector(each).items())].append(each)
        chosen = [(each, dict(selector)) for selector, several in alike.items() for each in _first_two(several)]
        self._by_label = LabelIndex((each, _labels(each)) for each, _ in chosen)
        self._pools = LabelIndex((each.labels, each.labels) for each in context.pools)
        often = Counter(label for _, selector in chosen for label in selector.items())
        self._by_rarest: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for each, selector in chosen:
            self._by_rarest[min(selector.items(), key=often.__getitem__)].append(each)

    def before(self, subject: Object) -> Object | None:
        """The first earlier driver for nodes of `subject`."""
        others = (each for each in self._for_nodes_of(subject) if self._is_before(each, subject))
        return min(others, key=lambda each: self._place[id(each)], default=None)

    def _is_before(self, other: Object, subject: Object) -> bool:
        """Whether it precedes the other driver; rendered ones precede those of users."""
        mine, theirs = subject.component == USERS, other.component == USERS
        return other.id != subject.id and (
            self._place[id(other)] < self._place[id(subject)] if mine == theirs else mine
        )

    def _for_nodes_of(self, subject: Object) -> list[Object]:
        """Drivers for the same nodes: one selector contains the other, or a pool's nodes have the labels of both."""
        if _default(subject):
            return self._defaults
        selector = _selector(subject)
        found = [*self._by_label.matching(selector), *self._within(_labels(subject))]
        for labels in self._pools.matching(selector):
            found += self._within(labels)
        return found

    def _within(self, labels: Mapping[str, str]) -> Iterator[Object]:
        """The drivers for nodes with these labels."""
        for label in labels.items():
            for each in self._by_rarest.get(label, ()):
                if _selector(each).items() <= labels.items():
                    yield each


def _first_two(drivers: Iterable[Object]) -> list[Object]:
    """Of a user's and of our drivers the first two names each: with one of them every other one conflicts."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    found: list[Object] = []
    for each in drivers:
        seen = names[each.component == USERS]
        if len(seen) < 2 and each.id.name not in seen:  # noqa: PLR2004
            seen.add(each.id.name)
            found.append(each)
    return found


RULES = (modules, upgrades, unused, selectors, default, owner, licence)
