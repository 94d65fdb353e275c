"""All claims of one pod, proven together on the nodes that its node selector allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import may_run
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import Code, define

if TYPE_CHECKING:
    from blueprint.allocation.claims import Claim
    from blueprint.allocation.devices import NodeGroup
    from blueprint.allocation.verdict import ClaimVerdict
    from blueprint.check.claims.proofs import Proofs

TOGETHER = define("BP6437", "claims-never-together", page=__file__)
EXTENDED = define("BP6438", "resource-never-allocated", page=__file__)
_KINDS = (("resourceClaimTemplateName", "ResourceClaimTemplate"), ("resourceClaimName", "ResourceClaim"))


@rule(TOGETHER, tags=("dra",), needs=(Capability.CLAIMS,))
def together(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims that fit individually, but not together on one of the pod's nodes."""
    if not pod.spec.get("resourceClaims") or not (found := _proofs(context)):
        return
    claims = _claims(pod, context, found)
    if claims and (verdict := _failed(pod, context, found, claims)):
        yield _finding(TOGETHER, (*pod.path, "resourceClaims"), verdict)


@rule(EXTENDED, tags=("dra",), needs=(Capability.CLAIMS,))
def extended(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Extended resources for which the scheduler creates a claim that none of the pod's nodes can satisfy."""
    requested = [(path, name) for path, name, _ in pod.requests]
    if not requested or not context.uses_claims or not (found := _proofs(context)):
        return
    from blueprint.allocation.extended import claim_of

    resources = {name for _, name in requested}
    if any(name in pool.offers for pool in context.counted_pools for name in resources):
        return  # Nodes with a device plugin provide it.
    claim = claim_of(pod.spec, resources, list(found.prover.classes.values()))
    if claim and found.judges([claim]) and (verdict := _failed(pod, context, found, [claim])):
        yield _finding(EXTENDED, requested[0][0], verdict)


def _proofs(context: RuleContext) -> Proofs | None:
    if context.dra is None or context.dra.driver is None:
        return None
    from blueprint.check.claims.proofs import proofs

    return proofs(context)


def _claims(pod: DescribedPod, context: RuleContext, found: Proofs) -> list[Claim] | None:
    """The pod's claims; None if a claim is not among the objects, or does not fit by itself."""
    from blueprint.allocation.verdict import Outcome
    from blueprint.check.claims.proofs import claim_of_object

    claims: list[Claim] = []
    for each in map(mapping, items(pod.spec.get("resourceClaims"))):
        named = ((kind, each[key]) for key, kind in _KINDS if isinstance(each.get(key), str))
        kind, name = next(named, ("", ""))
        subject = context.find(kind, name, pod.subject.id.namespace) if name else None
        verdict = found.verdict(subject) if subject else None
        if subject is None or verdict is None or verdict.outcome is not Outcome.FITS:
            return None
        claims.append(claim_of_object(subject))
    return claims


def _failed(
    pod: DescribedPod, context: RuleContext, found: Proofs, claims: list[Claim]
) -> tuple[ClaimVerdict, str] | None:
    """The verdict and the nodes, if it is certain that the pod is never scheduled."""
    from blueprint.allocation.verdict import Outcome

    groups = _admitted(pod, context, found.prover.groups)
    if not groups:
        return None
    verdict = found.prover.prove(claims, groups)
    if verdict.outcome in (Outcome.FITS, Outcome.UNKNOWN, Outcome.NO_CLASS):
        return None
    limited = "" if len(groups) == len(found.prover.groups) else f" of {', '.join(each.name for each in groups)}"
    return verdict, limited


def _admitted(pod: DescribedPod, context: RuleContext, groups: tuple[NodeGroup, ...]) -> list[NodeGroup]:
    """The nodes on which the pod may run according to their labels, as far as these are known."""
    pools = {pool.name: pool for pool in context.pools}
    return [each for each in groups if each.name not in pools or may_run(pod, pools[each.name], context.pools)]


def _finding(code: Code, path: Path, failed: tuple[ClaimVerdict, str]) -> ObjectFinding:
    from blueprint.check.claims.proofs import shown

    verdict, limited = failed
    text = f"the pod is never scheduled: {verdict.reason}" + (f" (nodes{limited})" if limited else "")
    help_ = "claim what one node has, or let the pod run on other nodes"
    return ObjectFinding(code, path, text, help_, evidence=shown(verdict))


RULES = (together, extended)
