"""Check blueprints: their syntax, their meaning, and every object they render. Nothing is written, except for
corrections with --fix.

--fix applies the corrections that findings suggest (`did you mean ...?`), leaves everything else in the files
unchanged, and reports each correction as a note. Review them: a suggestion is likely, but not certain.

Exit code 0: valid; 1: findings; 2: a blueprint cannot be read.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from functools import partial

from blueprint.cli.options import add_overlays, add_report, compile_target, compiled_run
from blueprint.cli.rules import add_rules
from blueprint.cli.targets import NOT_GIVEN, blueprint_target
from blueprint.cli.waiving import add_waivers, with_waivers
from blueprint.diagnostics import Refused
from blueprint.records import replace
from blueprint.report.model import Coverage, Run

HELP = "check blueprints and everything they render"
GROUP = "write"
STEP = 2
EXAMPLES = (
    "blueprint validate",
    "blueprint validate clusters/*/blueprint.yaml --fail-on warning",
    "blueprint validate --set spec.cluster.kubernetes=1.35",
    "blueprint validate --fix",
    "git show main:blueprint.yaml | blueprint validate -",
)
_PRECEDENCE = (70, 2, 1, 3, 0)


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "targets",
        metavar="TARGET",
        nargs="*",
        type=blueprint_target,
        help="blueprints or their folders, REVISION:PATH, or - for standard input (blueprint.yaml)",
    )
    add_overlays(parser)
    add_waivers(parser)
    parser.add_argument("--fix", action="store_true", help="apply suggested fixes to the files")
    add_rules(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile each blueprint in memory and report the findings."""
    targets = list(dict.fromkeys(options.targets or [blueprint_target(NOT_GIVEN)]))
    options.waived = True
    if not options.fix:
        return _combined([_checked(target, options) for target in targets])
    from blueprint.cli.fixing import fixed, refuse_stdin

    refuse_stdin(targets)
    return _combined([fixed(partial(_checked, target, options)) for target in targets])


def _checked(target: str, options: Namespace) -> Run:
    """The run for one blueprint, with the waivers next to it."""
    one = Namespace(**{**vars(options), "target": target, "waived": False})
    try:
        return with_waivers(compiled_run("validate", compile_target(one)), one, refused=False)
    except Refused as refused:
        run = Run("validate", f"validate {target}", diagnostics=refused.diagnostics, exit_code=refused.exit_code)
        if refused.exit_code == 1:
            run = replace(run, verdict="Not valid")
        return with_waivers(run, one, refused=True)


def _combined(runs: Sequence[Run]) -> Run:
    """Several runs as one."""
    if len(runs) == 1:
        return runs[0]
    examined = Counter[str]()
    for run in runs:
        examined.update({each.scope: each.examined for each in run.coverage})
    wrong = [run.title.removeprefix("validate ") for run in runs if run.exit_code]
    valid = f"{len(runs) - len(wrong)} of {len(runs)} blueprints valid"
    return Run(
        "validate",
        f"validate {len(runs)} blueprints",
        diagnostics=tuple(each for run in runs for each in run.diagnostics),
        coverage=tuple(Coverage(scope, number) for scope, number in examined.items()),
        verdict=f"{valid}; not {', '.join(wrong)}" if wrong else valid,
        exit_code=min((run.exit_code for run in runs), key=_PRECEDENCE.index),
        texts={name: text for run in runs for name, text in run.texts.items()},
        skipped_rules=tuple(sorted({each for run in runs for each in run.skipped_rules})),
        waived=tuple(each for run in runs for each in run.waived),
    )
