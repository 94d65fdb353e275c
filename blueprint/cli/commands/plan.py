"""Show what `apply` would do to a cluster, object by object and field by field. Nothing is written to the cluster.

The plan includes the effects on nodes: driver rollouts with their waves, restarts of the container runtime, MIG
changes, evictions, and unsupported upgrades, which `apply` rejects.

Exit code 0, even with changes, unless --exit-code makes changes exit with 1. Conflicts and rejections exit with 1,
objects that could not be examined with 3, and 2 means that nothing was examined. -o FILE saves the plan; `apply FILE`
carries out exactly this plan.
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
    """Add TARGET, the cluster, and the file for the plan."""
    add_target(parser)
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="save the plan, for `apply FILE`")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 if anything would change")
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Plan, save if requested, report."""
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
