"""Converts plans and applies to runs for reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOutcome
from blueprint.cluster.identity import ClusterIdentity, identify
from blueprint.cluster.node_effects import plan_effects
from blueprint.cluster.plan_model import Plan
from blueprint.diagnostics import has_errors
from blueprint.records import replace
from blueprint.report.model import Coverage, Run


def plan_run(plan: Plan, connection: Connection, *, changes_are_findings: bool) -> Run:
    """A plan as a run. Its exit code is 1 with changes only if they count as findings."""
    changes = plan.changes
    counts = Counter(change.action for change in changes)
    differs = any(counts[a] for a in (Action.CREATE, Action.UPDATE, Action.REPLACE))
    effects = plan_effects(plan)
    found = (*plan.diagnostics, *effects)
    nothing = "Nothing to do, as far as is known" if plan.unknown else "Nothing to do"
    verdict = "Apply would change this" if differs else nothing
    left = f"; {counts[Action.DELETE]} no longer rendered, left alone" if counts[Action.DELETE] else ""
    verdict = f"{verdict}; {counts[Action.UNCHANGED]} unchanged{left}"

    def reassess(waived: Collection[int]) -> tuple[str, int]:
        """Verdict and exit code without the waived findings, given by index."""
        standing = [each for number, each in enumerate(found) if number not in waived]
        partly = replace(plan, diagnostics=tuple(each for each in standing if each in plan.diagnostics))
        return verdict, partly.exit_code or int((changes_are_findings and differs) or has_errors(standing))

    return Run(
        "plan",
        f"what applying {_named(plan.bundle)} would change in {_cluster(plan, connection)}",
        diagnostics=found,
        changes=changes,
        coverage=_coverage(plan),
        subject=_subject(plan, connection),
        verdict=verdict,
        exit_code=reassess(())[1],
        texts=plan.bundle.texts,
        reassess=reassess,
    )


def apply_run(plan: Plan, outcome: ApplyOutcome, connection: Connection) -> Run:
    """An apply as a run: what was written, and what prevented the rest."""
    interrupted = "Interrupted: " if outcome.interrupted else ""
    written = f"{outcome.written} written" if outcome.written else f"{'n' if interrupted else 'N'}othing written"
    left = len(plan.steps) + len(plan.nodes) - outcome.written - outcome.unchanged
    failed = f", {left} not written" if left else ""
    return Run(
        "apply",
        f"applying {_named(plan.bundle)} to {_cluster(plan, connection)}",
        diagnostics=outcome.diagnostics,
        changes=outcome.changes,
        coverage=_coverage(plan),
        subject=_subject(plan, connection),
        verdict=f"{interrupted}{written}, {outcome.unchanged} unchanged{failed}",
        exit_code=outcome.exit_code,
        texts=plan.bundle.texts,
    )


def declined_run(plan: Plan, connection: Connection) -> Run:
    """An apply that the user declined."""
    title = f"applying {_named(plan.bundle)} to {_cluster(plan, connection)}"
    return Run("apply", title, subject=_subject(plan, connection), verdict="Declined: nothing was written", exit_code=1)


def _coverage(plan: Plan) -> tuple[Coverage, ...]:
    return (Coverage("objects", len(plan.changes) - plan.unknown, plan.unknown),)


def _named(bundle: Bundle) -> str:
    return " ".join(part for part in (bundle.name, bundle.version) if part)


def _cluster(plan: Plan, connection: Connection) -> ClusterIdentity:
    return identify(connection, plan.cluster_uid)


def _subject(plan: Plan, connection: Connection) -> Mapping[str, str]:
    bundle = plan.bundle
    return {
        "blueprint": _named(bundle),
        "release": bundle.release,
        "bundle": bundle.digest,
        **_cluster(plan, connection).subject(),
    }
