"""Which nodes an NVIDIADriver is for, and with which modules."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.complaint import Complaint
from blueprint.check.rules.driver import driver_faults
from blueprint.check.rules.model import Known, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.render.model import Object

DRIVERS_CONFLICT = define(
    "BP6044",
    "driver-objects-conflict",
    """
Every node gets its driver from one NVIDIADriver: there is one default at most, it has no nodeSelector, and the
selectors of the others must not choose the same nodes; those that do are set to ConflictingNodeSelector, and no
driver is installed there.
""",
)
DRIVER_OWNER_LABEL = define(
    "BP6045",
    "driver-selected-by-its-own-label",
    """
`nvidia.com/gpu-operator.driver.owner` is the label by which the operator itself remembers which NVIDIADriver a node
has. A selector with it is refused: select nodes by labels that they have from the beginning.
""",
)
LICENCE_IGNORED = define(
    "BP6046",
    "licence-setting-ignored",
    """
`licensingConfig.nlsEnabled: false` is treated as if nothing were said, which means true. Only NVIDIA's licence
system is supported.
""",
    severity=Severity.WARNING,
)
_OWNER = "nvidia.com/gpu-operator.driver.owner"


def modules(subject: Object, known: Known) -> Iterator[Complaint]:
    """Kernel modules against what needs others."""
    spec = mapping(subject.data.get("spec"))
    extra = [name for name in ("gds", "gdrcopy") if inside(spec, name, "enabled") is True]
    yield from driver_faults(spec, ("spec",), extra, ("spec",))


def selectors(subject: Object, known: Known) -> Iterator[Complaint]:
    """Two drivers for the same nodes."""
    mine = _selector(subject)
    for other in known.of("NVIDIADriver"):
        if other is subject:
            return
        theirs = _selector(other)
        if _default(subject) and _default(other):
            yield Complaint(DRIVERS_CONFLICT, ("spec", "default"), f"{other.id.name} is the default already")
        elif not _default(subject) and not _default(other) and _overlap(mine, theirs):
            text = f"spec.nodeSelector chooses nodes that {other.id.name} chooses too"
            yield Complaint(
                DRIVERS_CONFLICT, ("spec", "nodeSelector"), text, "choose by labels that exclude each other"
            )


def default(subject: Object, known: Known) -> Iterator[Complaint]:
    """A default with a selector."""
    if _default(subject) and inside(subject.data, "spec", "nodeSelector"):
        text = "the default driver is for all other nodes, so it has no nodeSelector"
        yield Complaint(DRIVERS_CONFLICT, ("spec", "nodeSelector"), text, "remove nodeSelector, or default")


def owner(subject: Object, known: Known) -> Iterator[Complaint]:
    """A selector with the operator's own label."""
    if _OWNER in mapping(inside(subject.data, "spec", "nodeSelector")):
        text = f"spec.nodeSelector uses {_OWNER}, which the operator sets"
        yield Complaint(DRIVER_OWNER_LABEL, ("spec", "nodeSelector", _OWNER), text, "select by a label of your own")


def licence(subject: Object, known: Known) -> Iterator[Complaint]:
    """A licence system switched off."""
    if inside(subject.data, "spec", "licensingConfig", "nlsEnabled") is False:
        path = ("spec", "licensingConfig", "nlsEnabled")
        yield Complaint(LICENCE_IGNORED, path, "spec.licensingConfig.nlsEnabled: false is ignored", "remove it")


def _selector(subject: Object) -> dict[str, str]:
    return dict(mapping(inside(subject.data, "spec", "nodeSelector"))) or {"nvidia.com/gpu.present": "true"}


def _default(subject: Object) -> bool:
    return inside(subject.data, "spec", "default") is True


def _overlap(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether one selector holds all that the other asks for; what merely could meet on a node is not blamed."""
    return one.items() <= other.items() or other.items() <= one.items()


RULES = (modules, selectors, default, owner, licence)
