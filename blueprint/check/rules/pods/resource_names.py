"""Resource names that every API server rejects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, DescribedPod, RuleContext, mapping
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

UNQUALIFIED = define("BP6475", "resource-name-unqualified", page=__file__)
_QUALIFIED = lazy_pattern(
    r"cpu|memory|ephemeral-storage|[a-z0-9.-]{1,253}/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
)
_STANDARD = ("cpu", "memory", "ephemeral-storage")
_GPUS = ("gpu", "gpus", "nvidia", "cuda")


@rule(UNQUALIFIED, tags=("scheduling",))
def unqualified(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Container resources without a domain that are not Kubernetes' own."""
    for path, container in pod.containers:
        for part in ("limits", "requests"):
            for name in mapping(mapping(container.get("resources")).get(part)):
                at = (*path, "resources", part, name)
                if not isinstance(name, str) or _QUALIFIED.fullmatch(name) or name.startswith("hugepages-"):
                    continue
                if "/" in name:
                    text = f"{format_path(at, pod.subject.data)}: {name!r} is not of the form DOMAIN/NAME"
                    yield ObjectFinding(UNQUALIFIED, at, text, "use letters, digits, -, _ and ., without spaces")
                    continue
                text = (
                    f"{format_path(at, pod.subject.data)}: {name} is neither a resource of Kubernetes nor DOMAIN/NAME"
                )
                likely = f"did you mean {GPU_PREFIX}gpu?" if name.lower() in _GPUS else None
                yield ObjectFinding(
                    UNQUALIFIED, at, text, likely or f"resources without a domain: {', '.join(_STANDARD)}"
                )


RULES = (unqualified,)
