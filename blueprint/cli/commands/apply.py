"""Bring a cluster to what a blueprint, a bundle or a saved plan says.

Server-side apply as field manager `blueprint:NAME`, in order, each object only where it differs. Fields that
others own are left alone and named, unless --force-conflicts takes them. It never deletes, except with --replace, for
objects with a field that cannot change. It can be run again at any time, also after it was killed. Progress on stderr,
the result on stdout.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_target, load_bundle

if TYPE_CHECKING:
    from blueprint.cluster.connection import Connection
    from blueprint.cluster.steps import Plan
    from blueprint.render.model import ObjectId
    from blueprint.report.model import Run

HELP = "bring a cluster to what is declared"


def configure(parser: argparse.ArgumentParser) -> None:
    """TARGET, the cluster, how far to go."""
    add_target(parser, "a blueprint, the folder of a bundle, or a plan saved by `plan -o`")
    parser.add_argument("--wait", action="store_true", help="wait until what was applied reports health")
    parser.add_argument("--force-conflicts", action="store_true", help="take over fields that others own")
    parser.add_argument("--replace", action="store_true", help="delete and create anew what cannot be changed in place")
    parser.add_argument(
        "--allow-unsupported", action="store_true", help="go ways between versions that vendors do not support"
    )
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Plan, write, tell."""
    from blueprint.cli.cluster_runs import apply_run
    from blueprint.cluster.apply import ApplyOptions, apply_plan
    from blueprint.cluster.effects import refuse_unsupported

    how = ApplyOptions(options.timeout, options.force_conflicts, options.wait, options.replace)
    plan, connection = _plan(options)
    refuse_unsupported(plan, allowed=options.allow_unsupported)
    return apply_run(plan, apply_plan(plan, connection, how, _progress), connection)


def _plan(options: argparse.Namespace) -> tuple[Plan, Connection]:
    from blueprint.cluster.connect import connect
    from blueprint.cluster.plan import make_plan
    from blueprint.cluster.planfile import hold_back, is_plan_file, load_plan

    if is_plan_file(options.target):
        saved = load_plan(Path(options.target))
        connection = connect(options.kubeconfig, options.context, options.timeout)
        return hold_back(saved, make_plan(saved.bundle, connection)), connection
    bundle = load_bundle(options)
    connection = connect(options.kubeconfig, options.context, options.timeout)
    return make_plan(bundle, connection), connection


def _progress(subject: ObjectId, what: str) -> None:
    if what != "unchanged":
        sys.stderr.write(f"{what:<12} {subject}\n")
