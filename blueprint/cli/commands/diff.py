"""Compare two blueprints or bundles as objects and fields, offline.

A and B are blueprints, folders of bundles, or REVISION:PATH of a blueprint in git. Exit code 0: the same; 1: they
differ; 2: one of them could not be read.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from blueprint.cli.options import add_report, load_bundle
from blueprint.render.compare import Action, compare_objects
from blueprint.report.model import Run

HELP = "compare two blueprints, bundles or git revisions"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("before", metavar="A", help="a blueprint, a bundle's folder, or REVISION:PATH")
    parser.add_argument("after", metavar="B", help="the same")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile what needs compiling, and compare."""
    before, after = (
        load_bundle(Namespace(target=target, overlay=[], set=[])) for target in (options.before, options.after)
    )
    changes = [c for c in compare_objects(before.objects, after.objects) if c.action is not Action.UNCHANGED]
    return Run(
        "diff",
        f"diff {options.before} {options.after}",
        changes=tuple(changes),
        subject={"before": f"{before.name} {before.version}", "after": f"{after.name} {after.version}"},
        verdict="they differ" if changes else "they render the same objects",
        exit_code=int(bool(changes)),
    )
