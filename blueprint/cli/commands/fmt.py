"""Format blueprints and overlays: keys in the order of the schema, quotes only where they are needed.

Comments stay above what they describe; pools and other user-defined names keep their order; lines are never joined or
split. The meaning does not change. Without --check and --diff the files are replaced; - reads standard input and writes
to stdout.

Exit code 0: already formatted, or written; 1: --check or --diff found something to change, or a file is not valid YAML.
"""

from __future__ import annotations

import difflib
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.cli.targets import NOT_GIVEN, STDIN, STDIN_NAME, blueprint_target

if TYPE_CHECKING:
    from blueprint.diagnostics import Diagnostic
    from blueprint.report.model import Run

HELP = "format blueprints and overlays, and keep comments"
GROUP = "write"
STEP = 3
EXAMPLES = (
    "blueprint fmt",
    "blueprint fmt blueprint.yaml overlays/*.yaml --check",
    "blueprint fmt --diff",
)


def configure(parser: ArgumentParser) -> None:
    """Add FILES and the mode."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=blueprint_target,
        help="blueprints, overlays, or folders with a blueprint (blueprint.yaml)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    how.add_argument(
        "--diff", action="store_true", help="write nothing; print the changes, and exit 1 if there are any"
    )
    add_report(parser)


def run(options: Namespace) -> Run:
    """Format each file. An error in one does not affect the others."""
    from blueprint.diagnostics import Refused
    from blueprint.report.model import Coverage, Run

    found: list[Diagnostic] = []
    files = list(dict.fromkeys(options.files or [blueprint_target(NOT_GIVEN)]))
    changed, code = 0, 0
    for file in files:
        try:
            changes = _formatted(file, options, found)
        except Refused as refused:
            found.extend(refused.diagnostics)
            code = max(code, refused.exit_code)
        else:
            changed += changes
    only_shown = options.check or options.diff
    options.prints = options.diff or STDIN in files
    verb = "would change" if only_shown else "formatted"
    return Run(
        "fmt",
        f"fmt {' '.join(files)}",
        diagnostics=tuple(found),
        coverage=(Coverage("files", len(files)),),
        verdict=f"{changed} {verb}, {len(files) - changed} unchanged",
        exit_code=code or int(bool(changed and only_shown)),
    )


def _formatted(file: str, options: Namespace, found: list[Diagnostic]) -> bool:
    """Whether the file needs formatting. It is written, shown, or reported. Raises Refused."""
    from blueprint.cli.user_files import replace_whole
    from blueprint.source.files import DiskFiles, decode, read_text
    from blueprint.spec.formatting import formatted

    if file == STDIN:
        name, raw = STDIN_NAME, sys.stdin.buffer.read()
        text = decode(raw, name)
    else:
        name, text = file, read_text(DiskFiles(), file)
        raw = Path(file).read_bytes()
    new = formatted(text, name)
    differs = new.encode() != raw
    if file == STDIN and not (options.check or options.diff):
        sys.stdout.write(new)
    elif options.check and differs:
        found.append(_not_formatted(name, text, new))
    elif options.diff:
        before, after = text.splitlines(keepends=True), new.splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(before, after, name, f"{name} as fmt writes it"))
    elif differs:
        replace_whole(Path(file), new.encode())
    return differs


def _not_formatted(file: str, text: str, new: str) -> Diagnostic:
    """The diagnostic, at the first line that would change."""
    from blueprint.diagnostics import Diagnostic, Span
    from blueprint.diagnostics.codes import NOT_FORMATTED

    pairs = zip([*text.split("\n"), ""], [*new.split("\n"), ""], strict=False)
    line = next((number for number, (one, other) in enumerate(pairs, start=1) if one != other), 1)
    at = Span(file, line, 1, line, 2)
    return Diagnostic(NOT_FORMATTED, f"{file} is not formatted", at=at, help=f"`blueprint fmt {file}` writes it")
