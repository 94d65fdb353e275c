"""Findings from proofs: claims that the API server rejects, that stop the scheduler, or that no node can satisfy.

If a rule that reads the selector explains the same problem better, only its finding is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.bundle.model import Object, Path
from blueprint.check.claims import comparisons, requests, selectors
from blueprint.check.claims.model import claim_path, requests_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, by_hand
from blueprint.diagnostics import Severity, define

if TYPE_CHECKING:
    from blueprint.allocation.verdict import ClaimVerdict

REFUSED = define("BP6428", "selector-refused", page=__file__)
STOPS = define("BP6429", "selector-stops-scheduling", page=__file__)
NO_DEVICE = define("BP6430", "claim-matches-no-device", page=__file__)
TOO_FEW = define("BP6431", "claim-of-more-than-is-free", page=__file__)
CONSTRAINT = define("BP6432", "constraint-never-satisfied", page=__file__)
NOT_PROVEN = define("BP6433", "claim-not-proven", page=__file__, severity=Severity.NOTE)
NO_LIBRARY = define(
    "BP5027",
    "proofs-not-run",
    """
    Device claims are checked by evaluating their selectors, which needs a library that is not installed. Rules that
    only read selectors ran. Install the extra: pip install 'gpu-platform-blueprint[cel]'.
    """,
    severity=Severity.NOTE,
)
BETTER = define("BP6435", "claim-could-be-clearer", page=__file__, severity=Severity.NOTE)
EMPTY_CLASS = define("BP6436", "class-without-devices", page=__file__, severity=Severity.WARNING)
_CLAIMS = ("ResourceClaim", "ResourceClaimTemplate")
_EXPLAINED = frozenset(
    code.id
    for code in (
        selectors.UNREADABLE, selectors.NOT_PUBLISHED, selectors.NOT_GUARDED, comparisons.NOT_COMPARABLE,
        comparisons.TOO_MUCH_MEMORY, comparisons.NOTHING_FITS, requests.NOT_SERVED, requests.CLASS_CLOSED,
        requests.CLASS_UNKNOWN, requests.TOO_LARGE, requests.MORE_THAN_A_NODE, requests.NO_PARTITION,
    )
)  # fmt: skip
_HELP = {
    REFUSED: "correct the CEL expression",
    STOPS: "write an expression that gives true or false for every device",
    NO_DEVICE: "request what the nodes have, or add a pool that has it",
    TOO_FEW: "request fewer devices, or split the claim among several pods",
    CONSTRAINT: "omit the constraint, or request devices that share the attribute",
}

_GUARD = "test for the attribute first: 'name' in device.attributes['domain'] && ..."


@rule(REFUSED, STOPS, NO_DEVICE, TOO_FEW, CONSTRAINT, NOT_PROVEN, tags=("dra",), needs=(Capability.CLAIMS,))
def proven(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims that can never be allocated, whatever else runs."""
    from blueprint.allocation.verdict import Outcome
    from blueprint.check.claims.proofs import proofs, shown

    found = proofs(context)
    verdict = found.verdict(subject) if found else None
    if verdict is None or verdict.outcome in (Outcome.FITS, Outcome.NO_CLASS) or is_explained(subject, context):
        return
    code = {
        Outcome.REFUSED: REFUSED, Outcome.ABORTS: STOPS, Outcome.TOO_FEW: TOO_FEW, Outcome.CONSTRAINT: CONSTRAINT,
        Outcome.UNKNOWN: NOT_PROVEN,
    }.get(verdict.outcome, NO_DEVICE)  # fmt: skip
    text = f"it is unknown whether this fits: {verdict.reason}" if code is NOT_PROVEN else verdict.reason
    help_ = _GUARD if "no such key" in verdict.reason else _HELP.get(code)
    yield ObjectFinding(code, _place(subject, verdict), text, help_, evidence=shown(verdict))


@rule(BETTER, tags=("dra",), needs=(Capability.CLAIMS,))
def clearer(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims that fit, but may get larger devices than needed, or repeat a condition."""
    from blueprint.check.claims.proofs import proofs

    found = proofs(context)
    verdict = found.verdict(subject) if found else None
    for text in verdict.notes if verdict else ():
        yield ObjectFinding(BETTER, (*claim_path(subject), "requests"), text)


@rule(NO_LIBRARY, tags=("dra",), needs=(Capability.CLAIMS,))
def provable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """One note if CEL cannot be evaluated."""
    from blueprint.cel.engine import PACKAGE, is_available

    dra = context.dra
    first = next(each for kind in _CLAIMS for each in context.objects_of_kind(kind))
    if dra and dra.driver and subject is first and not is_available():
        text = f"whether claims can be satisfied was not examined: {PACKAGE} is not installed"
        yield ObjectFinding(NO_LIBRARY, ("kind",), text, "install gpu-platform-blueprint[cel]")


@rule(REFUSED, STOPS, EMPTY_CLASS, tags=("dra",), needs=(Capability.CLAIMS,))
def populated(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """DeviceClasses among the objects: whether their selectors work, and whether any device belongs to them."""
    from blueprint.allocation.claims import read_class
    from blueprint.allocation.creation import created
    from blueprint.allocation.matching import Match
    from blueprint.check.claims.proofs import proofs

    found = proofs(context) if by_hand(subject, "spec", "selectors") else None
    if found is None or context.dra is None or is_explained(subject, context):
        return
    its = read_class(subject.data)
    for each in its.selectors:
        if refused := created(each.text, context.dra.kubernetes).refused:
            text = f"the API server refuses a selector: {refused}"
            yield ObjectFinding(REFUSED, ("spec", *each.path), text, _HELP[REFUSED])
            return
    outcome = found.matches(its.name)
    if outcome is Match.ABORTS:
        text = "a selector fails for some devices, so the scheduler cannot process claims of this class"
        yield ObjectFinding(STOPS, ("spec", "selectors"), text, _HELP[STOPS])
    elif outcome is Match.NO:
        text = f"no node has a device of the class {its.name}"
        yield ObjectFinding(EMPTY_CLASS, ("spec", "selectors"), text, "select what the nodes have")


def is_explained(subject: Object, context: RuleContext) -> bool:
    """Whether a rule that reads selectors has reported the problem of the claim or class."""
    rules = (*requests.RULES, *selectors.RULES, *comparisons.RULES)
    return any(each.code.id in _EXPLAINED for one in rules for each in one(subject, context))


def _place(subject: Object, verdict: ClaimVerdict) -> Path:
    """The path of the selector, the constraints or the request that the verdict is about."""
    at = claim_path(subject)
    if verdict.fault and not verdict.fault.of_class:
        return (*at, *verdict.fault.selector.path)
    if verdict.outcome == "constraint":
        return (*at, "constraints")
    named = (each.path for each in requests_of(subject) if each.name == verdict.request)
    return next(named, (*at, "requests"))


RULES = (proven, clearer, provable)
CLASS_RULES = (populated,)
