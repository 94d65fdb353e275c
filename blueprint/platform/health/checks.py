"""Checks of declared reactions to GPU faults: whether an alert reports the fault, and whether the reaction helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.diagnostics import Diagnostic
from blueprint.platform.health import codes
from blueprint.source.paths import Path

if TYPE_CHECKING:
    from blueprint.platform.check_context import CheckContext

HERE: Path = ("spec", "policy", "health")
REACTIONS = ("watch", "drain", "reset", "reboot", "replace")


def check_health(context: CheckContext) -> Iterator[Diagnostic]:
    """Every finding about `spec.policy.health`."""
    health = context.platform.health
    for name, reaction in health.reactions.items():
        path: Path = (*HERE, name)
        fault = health.known.get(name)
        if fault is None:
            yield _unknown(context, name)
        elif reason := fault.cannot.get(reaction):
            others = [each for each in REACTIONS if each not in fault.cannot]
            message = f"{name}: a {reaction} does not help a GPU with this fault: {reason}"
            yield context.diagnostic_at(path, codes.REACTION_CANNOT_HELP, message, help_=f"use {' or '.join(others)}")
        elif why := _why_unheard(context, fault.alert):
            message = f"{name}: no alert reports this fault, so {reaction} has no effect: {why}"
            help_ = f"enable {fault.alert}, or remove the line"
            yield context.diagnostic_at(path, codes.REACTION_UNHEARD, message, help_=help_)


def _unknown(context: CheckContext, name: str) -> Diagnostic:
    from blueprint.diagnostics import known_names, nearest

    known = list(context.platform.health.known)
    message = f"no alert reports a GPU fault named {name}"
    help_, fix = known_names(name, known), nearest(name, known)
    return context.diagnostic_at_key((*HERE, name), codes.UNKNOWN_FAULT, message, help_=help_, fix=fix)


def _why_unheard(context: CheckContext, alert: str) -> str | None:
    observability = context.platform.observability
    if observability is None:
        return "spec.observability is missing"
    found = [each for each in observability.alerts if each.name == alert]
    reasons = [each.why_left_out for each in found]
    return (
        None
        if any(reason is None for reason in reasons)
        else f"{alert}: {reasons[0] if reasons else 'no pool has GPUs'}"
    )
