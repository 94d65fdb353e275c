"""Compare two blueprints or bundles as objects and fields, offline, and say what the change does to nodes.

Driver rollouts with their waves, restarts of the container runtime, MIG, evictions, and moves between versions that are
not supported are told as findings; they never change the exit code.
A and B are blueprints, folders of bundles, or REVISION:PATH of a blueprint in git. Exit code 0: the same; 1: they
differ; 2: one of them could not be read.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from blueprint.cli.options import add_report, load_bundle
from blueprint.render.change import pair
from blueprint.render.changed_lines import because_of_changed_lines
from blueprint.render.compare import Action, compare_objects
from blueprint.render.effects import find_effects
from blueprint.render.immutable import told_apart
from blueprint.render.place_effects import pool_changes
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
    compared = compare_objects(before.objects, after.objects)
    differing = (told_apart(change) for change in compared if change.action is not Action.UNCHANGED)
    changes = list(because_of_changed_lines(differing, before, after))
    changed = pair(changes, {obj.id: obj.data for obj in before.objects}, after.objects)
    places = pool_changes(before.pools, after.pools)
    return Run(
        "diff",
        f"diff {options.before} {options.after}",
        diagnostics=tuple(find_effects(changed, after.objects, after.pools, places)),
        changes=tuple(changes),
        subject={"before": f"{before.name} {before.version}", "after": f"{after.name} {after.version}"},
        verdict="they differ" if changes else "they render the same objects",
        exit_code=int(bool(changes)),
    )
