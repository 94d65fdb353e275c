"""A pod's claims: whether a container uses them, and how many MIG devices one container gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.check.claims.mig_devices import SEVERAL_CLAIMED, is_mig
from blueprint.check.claims.model import Request, requests_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

UNUSED = define("BP6578", "claim-without-container", page=__file__, severity=Severity.WARNING)


@rule(UNUSED, tags=("dra",))
def unused(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims that no container refers to."""
    used = {str(each.get("name")) for _, container in pod.containers for each in _claims(container)}
    for index, each in enumerate(map(mapping, items(pod.spec.get("resourceClaims")))):
        if isinstance(name := each.get("name"), str) and name not in used:
            at = (*pod.path, "resourceClaims", index, "name")
            text = f"{format_path(at, pod.subject.data)}: no container lists {name}, so none gets its devices"
            yield ObjectFinding(UNUSED, at, text, f"add resources: {{claims: [{{name: {name}}}]}} to a container")


@rule(SEVERAL_CLAIMED, tags=("dra", "mig"))
def several(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Containers that get one MIG device from each of several requests."""
    requests = _requests(pod, context) if pod.spec.get("resourceClaims") else {}
    for path, container in pod.containers:
        found = [request for claim in _claims(container) for request in _wanted(claim, requests)]
        number = len({id(each.data) for each in found if is_mig(each, context)})
        if number > 1 and all(each.count == 1 for each in found):
            at = (*path, "resources", "claims")
            text = (
                f"{format_path(path, pod.subject.data)} claims {number} MIG devices, but a CUDA process uses only one"
            )
            yield ObjectFinding(SEVERAL_CLAIMED, at, text, "request one device; use a larger profile, or more pods")


def _claims(container: Mapping[str, Any]) -> list[Mapping[Any, Any]]:
    return [mapping(each) for each in items(inside(container, "resources", "claims"))]


def _requests(pod: DescribedPod, context: RuleContext) -> Mapping[str, list[Request]]:
    """The requests of a pod's claims by the name of the claim, for claims that are among the objects."""
    found: dict[str, list[Request]] = {}
    for each in map(mapping, items(pod.spec.get("resourceClaims"))):
        for kind, key in (
            ("ResourceClaimTemplate", "resourceClaimTemplateName"),
            ("ResourceClaim", "resourceClaimName"),
        ):
            name = each.get(key)
            claim = context.find(kind, name, pod.subject.id.namespace) if isinstance(name, str) else None
            found.setdefault(str(each.get("name")), []).extend(requests_of(claim) if claim else ())
    return found


def _wanted(claim: Mapping[Any, Any], requests: Mapping[str, list[Request]]) -> Iterator[Request]:
    """The requests of which a container gets devices: of alternatives the first."""
    wanted, seen = claim.get("request"), set[int]()
    for request in requests.get(str(claim.get("name")), ()):
        if request.index not in seen and wanted in (None, "", request.name.partition("/")[0]):
            seen.add(request.index)
            yield request


RULES = (unused, several)
