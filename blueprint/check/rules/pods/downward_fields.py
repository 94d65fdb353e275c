"""Labels and annotations that a pod reads from itself but does not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

ABSENT = define("BP6183", "own-label-missing", page=__file__, severity=Severity.WARNING)
_FIELD = lazy_pattern(r"metadata\.(labels|annotations)\['([A-Za-z0-9._-]{1,63})'\]")
"""A key without a prefix. Those with one are often set by controllers."""
_SET = {
    "controller-revision-hash", "controller-uid", "job-name", "pod-template-generation", "pod-template-hash",
}  # fmt: skip
"""Labels without a prefix that Kubernetes sets."""


@rule(ABSENT, tags=("references",))
def absent(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels and annotations of which the variable or file is always empty. Operators may set further ones."""
    for path, field in _fields(pod) if "." not in pod.subject.id.group else ():
        found = _FIELD.fullmatch(field)
        if found and found[2] not in _SET and found[2] not in mapping(pod.metadata.get(found[1])):
            what = found[1].removesuffix("s")
            text = f"{format_path(path, pod.subject.data)}: the pod has no {what} {found[2]}, so the value is empty"
            yield ObjectFinding(ABSENT, path, text, f"set the {what} in the metadata of the pod")


def _fields(pod: DescribedPod) -> Iterator[tuple[Path, str]]:
    """The fields of the pod that its variables and volumes show, with their paths."""
    for path, container in pod.containers:
        for index, each in enumerate(items(container.get("env"))):
            yield from _field((*path, "env", index, "valueFrom"), inside(each, "valueFrom"))
    for index, volume in enumerate(items(pod.spec.get("volumes"))):
        own = [(("downwardAPI",), inside(volume, "downwardAPI"))]
        sources = enumerate(items(inside(volume, "projected", "sources")))
        projected = [(("projected", "sources", n, "downwardAPI"), inside(each, "downwardAPI")) for n, each in sources]
        for steps, source in (*own, *projected):
            for number, each in enumerate(items(mapping(source).get("items"))):
                yield from _field((*pod.path, "volumes", index, *steps, "items", number), each)


def _field(path: Path, source: object) -> Iterator[tuple[Path, str]]:
    if isinstance(field := inside(source, "fieldRef", "fieldPath"), str):
        yield (*path, "fieldRef", "fieldPath"), field


RULES = (absent,)
