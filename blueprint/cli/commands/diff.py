"""Compare two blueprints or bundles offline: the platform, its objects and fields, and the effects of the change.

Everything that the input determines is compared: pools, cluster, release, prerequisites, expectations, images, objects.
Driver rollouts with their waves, restarts of the container runtime, MIG changes, evictions, changes of the Kubernetes
version, and unsupported upgrades are reported as findings; they never change the exit code. A and B are blueprints,
bundle folders, or REVISION:PATH of a blueprint in git. Exit code 0: the same platform; 1: they differ; 2: one of them
cannot be read, or is invalid. --overlay and --set apply to both sides.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from blueprint.changes.change import changed_objects
from blueprint.changes.changed_lines import LineComparison, because_of_changed_lines
from blueprint.changes.cluster_effects import cluster_effects
from blueprint.changes.compare import Action, ObjectChange, compare_objects
from blueprint.changes.effects import find_effects
from blueprint.changes.immutable import as_replacement
from blueprint.changes.place_effects import pool_changes
from blueprint.cli.options import add_overlays, add_report
from blueprint.cli.targets import STDIN, any_target
from blueprint.cli.waiving import add_waivers
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.diagnostics.codes import USAGE
from blueprint.report.model import Run
from blueprint.wording import counted, joined

if TYPE_CHECKING:
    from blueprint.cli.sides import DiffSide

HELP = "compare two blueprints, bundles or git revisions"
GROUP = "review"
STEP = 2
EXAMPLES = (
    "blueprint diff origin/main:blueprint.yaml blueprint.yaml",
    "blueprint diff bundle blueprint.yaml --report markdown=diff.md",
    "blueprint diff origin/main:base.yaml base.yaml --overlay clusters/prod-eu.yaml",
)


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "before",
        metavar="A",
        type=any_target,
        help="a blueprint, a bundle's folder, REVISION:PATH, or - for standard input",
    )
    parser.add_argument("after", metavar="B", type=any_target, help="the same")
    add_overlays(parser)
    add_waivers(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile what needs to be compiled, and compare."""
    from blueprint.changes.platform_changes import compare_parts, with_lines
    from blueprint.cli.sides import load_side

    if options.before == options.after == STDIN:
        raise Refused(Diagnostic(USAGE, "standard input can be one side, not both"), exit_code=2)
    one, other = load_side(options.before, options), load_side(options.after, options)
    before, after = one.bundle, other.bundle
    lines = LineComparison(before, after)
    parts = list(with_lines(compare_parts(one.parts, other.parts), lines))
    compared = compare_objects(before.objects, after.objects)
    differing = (as_replacement(change, after.release) for change in compared if change.action is not Action.UNCHANGED)
    changes = list(because_of_changed_lines(differing, lines))
    changed = changed_objects(changes, {obj.id: obj.data for obj in before.objects}, after.objects)
    places = pool_changes(before.pools, after.pools)
    effects = find_effects(changed, after.objects, after.pools, places)
    differ = bool(parts or changes or one.edited or other.edited)
    return Run(
        "diff",
        f"diff {options.before} {options.after}",
        diagnostics=(*one.edited, *other.edited, *cluster_effects(parts), *effects),
        platform=tuple(parts),
        changes=tuple(changes),
        subject={"before": f"{before.name} {before.version}", "after": f"{after.name} {after.version}"},
        verdict=_differing(parts, changes) if differ else _same(one, other),
        exit_code=int(differ),
        texts={**before.texts, **after.texts},
    )


def _differing(parts: Sequence[ObjectChange], changes: Sequence[ObjectChange]) -> str:
    """The number of differences; none if there are only edited files."""
    parts_text = [f"{len(parts)} parts of the platform"] if len(parts) > 1 else [str(part.id) for part in parts]
    parts_text += [counted(len(changes), "object")] if changes else []
    return f"They differ: {joined(parts_text)}" if parts_text else "They differ"


def _same(one: DiffSide, other: DiffSide) -> str:
    if one.bundle.digest == other.bundle.digest:
        return "The same platform"
    return "The same platform from other files: only file names or line numbers differ"
