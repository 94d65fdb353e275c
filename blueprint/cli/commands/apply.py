"""Bring a cluster to what a blueprint, a bundle or a saved plan says.

Server-side apply as field manager `blueprint:NAME`, in order, each object only where it differs. Fields that
others own are left alone and named, unless --force-conflicts takes them. It never deletes, except with --replace, for
objects with a field that cannot change. It can be run again at any time, also after it was killed. Progress on stderr,
the result on stdout.

Both flags may name what they are for, as often as needed: --force-conflicts=Deployment/gpu-operator/gpu-operator takes
the contested fields of one object, with :spec.replicas behind it one field; other contested fields are left out and
named. --replace alone replaces what has nothing to lose; what has (a load balancer, pods, data) must be named.

On a terminal it shows the plan, names the cluster and asks; --yes answers. Without a terminal it goes on.
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
    """TARGET, the cluster, how far to go."""
    add_target(parser, "a blueprint, a bundle's folder, or a plan saved by `plan -o`")
    parser.add_argument("-y", "--yes", action="store_true", help="on a terminal: apply without asking")
    parser.add_argument(
        "--wait", action="store_true", help="wait until the applied objects report that they are healthy"
    )
    add_scoped(
        parser, "--force-conflicts", "[:FIELD]", "take over fields of other managers: all, or the named objects'"
    )
    add_scoped(parser, "--replace", "", "delete and recreate objects that cannot be changed in place")
    parser.add_argument(
        "--allow-unsupported", action="store_true", help="allow upgrade paths that vendors do not support"
    )
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Plan, write, tell."""
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
    """What the progress has named; objects with changed fields only where the plan has shown these as well."""
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
    """Whether there is a person to ask, and something to ask about."""
    from blueprint.changes.compare import Action
    from blueprint.cli.prompts import on_a_terminal

    changing = (Action.CREATE, Action.UPDATE, Action.REPLACE)
    return on_a_terminal() and any(change.action in changing for change in plan.changes)


def _agreed(plan: Plan, connection: Connection) -> bool:
    """Whether a person who is shown the plan agrees."""
    from blueprint.cli.prompts import confirm
    from blueprint.cli.run_results import plan_run
    from blueprint.cluster.identity import identify
    from blueprint.report import write_reports

    shown = plan_run(plan, connection, changes_are_findings=False)
    write_reports(shown, ["text"], stdout=sys.stderr, base=Path.cwd())
    return confirm(f"Apply this to {identify(connection, plan.cluster_uid)}? (y, n)")


def _check(plan: Plan, *consents: Consent) -> None:
    """Refuse names that are none of the plan: most likely they are misspelt, and nothing would come of them."""
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
    """With --replace on a terminal: also what has something to lose, where a person says so."""
    if not consent.everything:
        return consent
    from blueprint.cli.prompts import confirm, on_a_terminal

    if not on_a_terminal():
        return consent
    risky = [step for step in plan.steps if step.replaceable and step.loses and not consent.names(step.id)]
    borne = [str(step.id) for step in risky if confirm(f"Delete {step.id} and lose {', '.join(step.loses)}? (y, n)")]
    return replace(consent, named=(*consent.named, *borne))


def _no_progress(_event: Event) -> None:
    """With --quiet."""
