"""Driver capabilities that a container requests with a variable."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.containers import literal_env
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path
from blueprint.source.placeholders import holds_placeholder

UNKNOWN = define("BP6174", "driver-capability-unknown", page=__file__, severity=Severity.WARNING)
_KNOWN = ("compat32", "compute", "display", "graphics", "ngx", "utility", "video")
_EVERY = ("all", "none")


@rule(UNKNOWN, tags=("gpu-access",))
def driver_capabilities(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Names in NVIDIA_DRIVER_CAPABILITIES that the container toolkit does not know."""
    for path, container in pod.containers:
        for at, name, value in literal_env(container, path):
            if name != "NVIDIA_DRIVER_CAPABILITIES" or "$" in value or holds_placeholder(value):
                continue
            for each in filter(None, map(str.strip, value.split(","))):
                if each not in (*_KNOWN, *_EVERY):
                    near = nearest(each, _KNOWN)
                    text = f"{format_path(at, pod.subject.data)} contains {each}, which is not a driver capability"
                    help_ = f"did you mean {near}?" if near else f"use {', '.join(_KNOWN)} or all"
                    yield ObjectFinding(UNKNOWN, at, text, help_)


RULES = (driver_capabilities,)
