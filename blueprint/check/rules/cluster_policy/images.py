"""Images in the ClusterPolicy that the operator pulls later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Severity, define

PARTIAL_IMAGE = define("BP6020", "partial-image", page=__file__)
VERSIONS_APART = define("BP6021", "dcgm-versions-apart", page=__file__, severity=Severity.WARNING)
DCGM_NOT_SET = define("BP6022", "dcgm-not-explicit", page=__file__, severity=Severity.WARNING)
_PARTS = (
    "driver", "toolkit", "devicePlugin", "gfd", "dcgm", "dcgmExporter", "migManager", "nodeStatusExporter", "gds",
    "gdrcopy", "vgpuManager", "validator",
)  # fmt: skip
_TRIPLE = ("repository", "image", "version")


@rule(PARTIAL_IMAGE, tags=("operator",))
def partial(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Incomplete combinations of repository, image and version."""
    spec = mapping(subject.data.get("spec"))
    by_objects = mapping(spec.get("driver")).get("useNvidiaDriverCRD") is True
    for part in _PARTS:
        given = mapping(spec.get(part))
        missing = [key for key in _TRIPLE if not given.get(key)]
        idle = given.get("enabled") is False or (part == "driver" and by_objects) or _is_whole(given)
        if missing and not idle and len(missing) < len(_TRIPLE):
            text = f"spec.{part} has no {' and no '.join(missing)}, so its image is incomplete"
            blamed = next((key for key in (*missing, "enabled") if key in given), None)
            path = ("spec", part, blamed) if blamed else ("spec", part)
            yield ObjectFinding(PARTIAL_IMAGE, path, text, f"set {', '.join(_TRIPLE)}, or none of them")


def _is_whole(given: Mapping[Any, Any]) -> bool:
    """Whether the image is a complete reference, which the operator uses as it is."""
    image = str(given.get("image")).rpartition("/")[2]
    return not given.get("repository") and not given.get("version") and (":" in image or "@" in image)


@rule(VERSIONS_APART, tags=("operator",))
def apart(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Exporter and host engine of different DCGM versions."""
    spec = mapping(subject.data.get("spec"))
    engine, exporter = mapping(spec.get("dcgm")), mapping(spec.get("dcgmExporter"))
    if engine.get("enabled") is not True or exporter.get("enabled") is False:
        return
    theirs, ours = (str(each.get("version") or "").partition("-")[0] for each in (engine, exporter))
    if theirs and ours and "sha256:" not in theirs + ours and theirs != ours:
        text = f"the exporter is built for DCGM {ours}, but the host engine is {theirs}"
        yield ObjectFinding(VERSIONS_APART, ("spec", "dcgm", "version"), text, "use both from one release")


@rule(DCGM_NOT_SET, tags=("operator",))
def dcgm_not_set(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A ClusterPolicy that does not set whether DCGM runs in a separate pod."""
    if mapping(mapping(subject.data.get("spec")).get("dcgm")).get("enabled") is None:
        yield ObjectFinding(DCGM_NOT_SET, ("spec", "dcgm"), "spec.dcgm.enabled is not set, which means true")


RULES = (partial, apart, dcgm_not_set)
