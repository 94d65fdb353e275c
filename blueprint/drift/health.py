"""Whether operators report success for the bundle's custom resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.cluster.health import Health, HealthState, conditions_of, health_of, is_operators
from blueprint.diagnostics import Diagnostic
from blueprint.drift import node_codes as codes
from blueprint.drift.model import Finding, FindingKind, ScopeResult, facts
from blueprint.drift.node_facts import is_real, writer_of
from blueprint.drift.view import Live, Unseen, View
from blueprint.inventory.membership import manager
from blueprint.kubernetes.kinds import find_kind
from blueprint.report.model import Coverage

SCOPE = "custom resources"


def examine_health(bundle: Bundle, view: View) -> ScopeResult:
    """The states that operators report for our custom resources. Missing and unreadable ones are reported elsewhere."""
    declared = {obj.id: obj for obj in bundle.objects if is_operators(obj.id, bundle.release)}
    if not declared:
        return ScopeResult(())
    live = view.objects({i: obj.api_version for i, obj in declared.items()}, bundle.name).live
    states = {i: state for i in declared if i in live and (state := health_of(live[i], bundle.release))}
    ill = [i for i, s in states.items() if s.health is Health.NOT_HEALTHY and not _is_idle(bundle, live[i])]
    findings = tuple(_ill(declared[i], live[i], states[i], manager(bundle.name)) for i in ill)
    silent = {i: state for i, state in states.items() if state.health is Health.UNKNOWN}
    if not silent:
        return ScopeResult((), findings, failed=bool(findings))
    if _is_simulation(view):
        return ScopeResult((), findings, failed=bool(findings), simulated=("health of custom resources",))
    reason = "; ".join(sorted({state.text for state in silent.values()}))
    coverage = Coverage(SCOPE, len(states) - len(silent), len(silent), reason)
    return ScopeResult((coverage,), findings, tuple(_unknown(declared, silent)), failed=bool(findings))


def _is_idle(bundle: Bundle, live: Live) -> bool:
    """Whether an operator reports missing GPU nodes while all GPU pools may be empty."""
    ready = find_kind(str(live["apiVersion"]).rpartition("/")[0], live["kind"], bundle.release).ready
    idle = ready.state.idle if ready and ready.state else ()
    complains = any(c.get("reason") in idle and c.get("status") == "True" for c in conditions_of(live))
    return complains and all(pool.nodes_min == 0 for pool in bundle.pools if pool.gpu_count)


def _is_simulation(view: View) -> bool:
    """Whether no real node exists on which an operator could run."""
    try:
        nodes = view.nodes()
    except Unseen:
        return False
    return not any(map(is_real, nodes))


def _ill(obj: Object, live: Live, state: HealthState, us: str) -> Finding:
    at = ("status", "state") if "state" in live["status"] else ("status",)
    return Finding(
        FindingKind.FAILED,
        str(obj.id),
        ".".join(at),
        live=live["status"].get("state", state.text),
        writer=writer_of(live, at, us),
        origin=obj.origin(()),
        seen=facts(live),
        code=codes.NOT_HEALTHY_NOW,
        statement=f"is not healthy: {state.text}",
        help="check its conditions and the pods of its operator; an apply would not change this",
    )


def _unknown(declared: Mapping[ObjectId, Object], silent: Mapping[ObjectId, HealthState]) -> Iterator[Diagnostic]:
    for identity, state in silent.items():
        origin = declared[identity].origin(())
        text = f"the health of {identity} is unknown: {state.text}"
        yield Diagnostic(codes.HEALTH_NOT_KNOWN, text, at=origin.template if origin else None, subject=str(identity))
