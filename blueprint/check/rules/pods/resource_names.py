"""Names of resources that no API server takes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, DescribedPod, RuleContext, mapping
from blueprint.diagnostics import define
from blueprint.source.paths import format_path

UNQUALIFIED = define("BP6475", "resource-name-unqualified", page=__file__)
_STANDARD = ("cpu", "memory", "ephemeral-storage")
_GPUS = ("gpu", "gpus", "nvidia", "cuda")


@rule(UNQUALIFIED, tags=("scheduling",))
def unqualified(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources of containers without a domain that are not Kubernetes' own."""
    for path, container in pod.containers:
        for part in ("limits", "requests"):
            for name in mapping(mapping(container.get("resources")).get(part)):
                if not isinstance(name, str) or "/" in name or name in _STANDARD or name.startswith("hugepages-"):
                    continue
                at = (*path, "resources", part, name)
                text = (
                    f"{format_path(at, pod.subject.data)}: {name} is neither a resource of Kubernetes nor DOMAIN/NAME"
                )
                likely = f"did you mean {GPU_PREFIX}gpu?" if name.lower() in _GPUS else None
                yield ObjectFinding(UNQUALIFIED, at, text, likely or f"known without a domain: {', '.join(_STANDARD)}")


RULES = (unqualified,)
