"""Compile a blueprint into a bundle: manifests, lock, images, provenance, expectations, prerequisites.

The bundle is replaced as a whole, and only if everything is valid; other files in its folder stay. With --check nothing
is written, and exit code 1 means that the folder differs from what would be written. `-o -` writes the objects as one
YAML stream to stdout.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from blueprint.cli.options import add_report, add_target, compile_target, compiled_run
from blueprint.cli.rules import add_rules
from blueprint.cli.targets import blueprint_target
from blueprint.files import is_stdout
from blueprint.records import replace
from blueprint.report.model import Run

HELP = "render a blueprint into a bundle"
GROUP = "review"
STEP = 1
EXAMPLES = (
    "blueprint compile -o bundle",
    "blueprint compile -o bundle --check",
    "blueprint compile -o - | kubectl diff -f -",
)


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser, "a blueprint or its folder, REVISION:PATH, or - for standard input", blueprint_target)
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="the bundle's folder; - is stdout")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if DIR is out of date")
    add_rules(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile, then write, compare or print."""
    from blueprint.bundle.assembly import as_stream
    from blueprint.bundle.output import check_output, write_bundle

    compilation = compile_target(options)
    run = compiled_run("compile", compilation)
    if compilation.files is None or compilation.bundle is None:
        return run
    if is_stdout(options.out):
        sys.stdout.writelines(as_stream(compilation.bundle))
        return run
    folder = Path(options.out)
    if options.check:
        differing = check_output(compilation.files, folder)
        verdict = _differs(compilation.files, folder) if differing else f"Up to date: {folder}"
        return replace(run, diagnostics=(*run.diagnostics, *differing), verdict=verdict, exit_code=int(bool(differing)))
    written = write_bundle(compilation.files, folder)
    done = f"Wrote {folder}{written.in_words}" if written.changed else f"Unchanged: {folder}"
    verdict = f"{done}. {run.verdict}"
    return replace(run, diagnostics=(*run.diagnostics, *written.diagnostics), verdict=verdict)


def _differs(files: Mapping[str, bytes], folder: Path) -> str:
    """The difference in words, as in `diff`: if only positions of lines differ, it is the same platform."""
    from blueprint.bundle.layout import EXPECTATIONS, LOCK, PREREQUISITES, PROVENANCE
    from blueprint.bundle.owned_files import replacement
    from blueprint.changes.platform_changes import compare_parts, platform_parts

    found = replacement(files, folder)
    positions = {*found.changed} <= {LOCK, PROVENANCE, EXPECTATIONS, PREREQUISITES}
    others = found.added or found.removed or found.strays or found.edited or found.in_the_way
    message = f"The folder {folder} does not match this blueprint"
    if others or not positions:
        return message
    there = platform_parts(lambda name: (folder / name).read_bytes())
    if compare_parts(there, platform_parts(files.__getitem__)):
        return message
    return f"{message}, but the platform is the same: only line numbers differ"
