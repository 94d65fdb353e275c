"""References of pods to claims in other namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.wording import joined

ELSEWHERE = define("BP6171", "claim-in-another-namespace", page=__file__, severity=Severity.WARNING)
_GROUP = "resource.k8s.io"
_FIELDS = {"resourceClaimName": "ResourceClaim", "resourceClaimTemplateName": "ResourceClaimTemplate"}


@rule(ELSEWHERE, tags=("dra", "references"))
def elsewhere(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Names of claims and claim templates that exist only in other namespaces."""
    home = pod.subject.id.namespace
    for index, each in enumerate(map(mapping, items(pod.spec.get("resourceClaims")))) if home else ():
        for field, kind in _FIELDS.items():
            there = context.once(_namespaces).get((kind, str(each.get(field))), frozenset())
            if there and not there & {home, ""}:
                path = (*pod.path, "resourceClaims", index, field)
                where = f"in the namespace {joined(sorted(there), 'and')}, not in {home}"
                text = f"{format_path(path, pod.subject.data)} is {each[field]}, which is {where}"
                yield ObjectFinding(ELSEWHERE, path, text, f"put the {kind} and the pod into one namespace")


def _namespaces(context: RuleContext) -> Mapping[tuple[str, str], frozenset[str]]:
    """The namespaces of claims and templates, by name."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for kind in _FIELDS.values():
        for each in context.objects_of_kind(kind):
            if each.id.group == _GROUP:
                key = (kind, each.id.name)
                found[key] = found.get(key, frozenset()) | {each.id.namespace}
    return found


RULES = (elsewhere,)
