"""Say what `apply` would do to a cluster, object by object and field by field. Nothing is written to it.

What that does to nodes is told with it: driver rollouts with their waves, restarts of the container runtime, MIG,
evictions, and ways between versions that are not supported, which `apply` refuses.

Exits 0, also with changes, unless --exit-code makes changes exit 1. Conflicts and refusals exit 1, what could
not be examined 3, nothing examined 2. -o FILE saves the plan; `apply FILE` does that and nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_target, load_bundle

if TYPE_CHECKING:
    from blueprint.report.model import Run

HELP = "show what apply would change in a cluster"
GROUP = "cluster"
STEP = 1
EXAMPLES = (
    "blueprint plan",
    "blueprint plan --context prod-eu -o plan.json",
    "blueprint plan --exit-code",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """TARGET, the cluster, where to save the plan."""
    add_target(parser)
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="save the plan, for `apply FILE`")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 if anything would change")
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Plan, save if asked, tell."""
    from blueprint.apiserver.connect import connect
    from blueprint.cli.run_results import plan_run
    from blueprint.cluster.plan import make_plan
    from blueprint.cluster.planfile import save_plan

    bundle = load_bundle(options)
    connection = connect(options.kubeconfig, options.context, options.timeout)
    plan = make_plan(bundle, connection)
    if options.out:
        save_plan(plan, options.out)
    return plan_run(plan, connection, changes_are_findings=options.exit_code)
