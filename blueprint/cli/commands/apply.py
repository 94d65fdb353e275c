"""Apply a blueprint, a bundle or a saved plan to a cluster.

The command uses server-side apply with the field manager `blueprint:NAME`, in order, and writes only objects that
differ. It reports fields that other managers own and leaves them unchanged, unless --force-conflicts takes them over.
It never deletes anything, except with --replace, for objects with a changed immutable field. It can be run again at any
time, even after it was killed. Progress goes to stderr, the result to stdout.

Both flags accept names, and may be repeated: --force-conflicts=Deployment/gpu-operator/gpu-operator takes over the
contested fields of one object, and with :spec.replicas appended a single field; other contested fields are not written,
and reported. --replace without a name replaces only objects without anything to lose; others (with a load balancer,
pods, data) must be named.

On a terminal, the command shows the plan and the cluster, and asks for confirmation; --yes skips the question. Without
a terminal it does not ask.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_scoped, add_target, load_bundle
from blueprint.records import replace

if TYPE_CHECKING:
    from blueprint.apiserver.connection import Connection
    from blueprint.bundle.model import ObjectId
    from blueprint.cluster.consent import Consent
    from blueprint.cluster.events import Event
    from blueprint.cluster.plan_model import Plan
    from blueprint.report.model import Run

HELP = "apply the declared state to a cluster"
GROUP = "cluster"
STEP = 2
EXAMPLES = (
    "blueprint apply --context prod-eu",
    "blueprint apply plan.json --yes --wait --timeout 10m",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add TARGET, the cluster, and the scope."""
    add_target(parser, "a blueprint, a bundle's folder, or a plan saved by `plan -o`")
    parser.add_argument("-y", "--yes", action="store_true", help="on a terminal: apply without asking")
    parser.add_argument(
        "--wait", action="store_true", help="wait until the applied objects report that they are healthy"
    )
    add_scoped(
        parser, "--force-conflicts", "[:FIELD]", "take over fields of other managers: all, or those of named objects"
    )
    add_scoped(parser, "--replace", "", "delete and recreate objects that cannot be changed in place")
    parser.add_argument(
        "--allow-unsupported", action="store_true", help="allow upgrade paths that vendors do not support"
    )
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Plan, apply, report."""
    from blueprint.changes.compare import Action
    from blueprint.cli.progress import ApplyProgress
    from blueprint.cli.run_results import apply_run, declined_run
    from blueprint.cluster.apply import ApplyOptions, apply_plan
    from blueprint.cluster.consent import Consent
    from blueprint.cluster.node_effects import refuse_unsupported

    plan, connection = _plan(options)
    taking, replacing = Consent.given(options.force_conflicts), Consent.given(options.replace)
    _check(plan, taking, replacing)
    refuse_unsupported(plan, allowed=options.allow_unsupported)
    plan_shown = not options.yes and _needs_consent(plan)
    if plan_shown and not _agreed(plan, connection):
        return declined_run(plan, connection)
    how = ApplyOptions(options.timeout, taking, options.wait, _with_confirmed(plan, replacing))
    actions = [*(step.action for step in plan.steps), *(node.action for node in plan.nodes)]
    due = len(actions) - actions.count(Action.UNCHANGED)
    progress = _no_progress if options.quiet else ApplyProgress(due)
    run = apply_run(plan, apply_plan(plan, connection, how, progress), connection)
    return (
        run
        if options.quiet or not sys.stderr.isatty()
        else replace(run, on_screen=_on_screen(run, plan_shown=plan_shown))
    )


def _on_screen(run: Run, *, plan_shown: bool) -> frozenset[ObjectId]:
    """The objects that the progress display has shown; those with changed fields only if the plan has shown these as
    well.
    """
    from blueprint.changes.compare import Action

    return frozenset(
        each.id
        for each in run.changes
        if each.action in (Action.CREATE, Action.UPDATE, Action.REPLACE) and (plan_shown or not each.fields)
    )


def _plan(options: argparse.Namespace) -> tuple[Plan, Connection]:
    from blueprint.apiserver.connect import connect
    from blueprint.cluster.plan import make_plan
    from blueprint.cluster.planfile import hold_back, is_plan_file, load_plan

    if is_plan_file(options.target):
        saved = load_plan(Path(options.target))
        connection = connect(options.kubeconfig, options.context, options.timeout)
        return hold_back(saved, make_plan(saved.bundle, connection)), connection
    bundle = load_bundle(options)
    connection = connect(options.kubeconfig, options.context, options.timeout)
    return make_plan(bundle, connection, try_new=False), connection


def _needs_consent(plan: Plan) -> bool:
    """Whether there is a user to ask, and a reason to ask."""
    from blueprint.changes.compare import Action
    from blueprint.cli.prompts import on_a_terminal

    changing = (Action.CREATE, Action.UPDATE, Action.REPLACE)
    return on_a_terminal() and any(change.action in changing for change in plan.changes)


def _agreed(plan: Plan, connection: Connection) -> bool:
    """Whether the user confirms the plan."""
    from blueprint.cli.prompts import confirm
    from blueprint.cli.run_results import plan_run
    from blueprint.cluster.identity import identify
    from blueprint.report import write_reports

    shown = plan_run(plan, connection, changes_are_findings=False)
    write_reports(shown, ["text"], stdout=sys.stderr, base=Path.cwd())
    return confirm(f"Apply this to {identify(connection, plan.cluster_uid)}? (y, n)")


def _check(plan: Plan, *consents: Consent) -> None:
    """Reject names that are not in the plan: they are probably misspelt, and would have no effect."""
    from blueprint.diagnostics import Diagnostic, Refused, nearest
    from blueprint.diagnostics.codes import USAGE

    ids = [*(step.id for step in plan.steps), *(node.id for node in plan.nodes)]
    if unknown := [text for consent in consents for text in consent.unknown_names(ids)]:
        near = nearest(unknown[0], [str(identity) for identity in ids])
        help_text = (
            f"did you mean {near}?" if near else "write KIND/NAMESPACE/NAME, or KIND/NAME for cluster-scoped objects"
        )
        raise Refused(Diagnostic(USAGE, f"{unknown[0]} is not an object of the bundle", help=help_text), exit_code=2)


def _with_confirmed(plan: Plan, consent: Consent) -> Consent:
    """The consent including, with --replace on a terminal, objects with something to lose that the user confirms."""
    if not consent.everything:
        return consent
    from blueprint.cli.prompts import confirm, on_a_terminal

    if not on_a_terminal():
        return consent
    risky = [step for step in plan.steps if step.replaceable and step.loses and not consent.names(step.id)]
    borne = [str(step.id) for step in risky if confirm(f"Delete {step.id} and lose {', '.join(step.loses)}? (y, n)")]
    return replace(consent, named=(*consent.named, *borne))


def _no_progress(_event: Event) -> None:
    """The listener for --quiet."""
