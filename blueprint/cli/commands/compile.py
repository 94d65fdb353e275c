"""Compile a blueprint into a bundle: manifests, lock, images, provenance, expectations, prerequisites.

The folder is replaced as a whole, and only if everything is valid. With --check nothing is written: exit code 1
means that the folder is not what would be written. `-o -` writes the objects as one YAML stream to stdout.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from blueprint.cli.options import add_report, add_target, compile_target, compiled_run
from blueprint.report.model import Run

HELP = "render a blueprint into a bundle"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser, "a blueprint, or REVISION:PATH")
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="the bundle's folder; - is stdout")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if DIR is not what would be written"
    )
    add_report(parser)


def run(options: Namespace) -> Run | int:
    """Compile, then write, compare or print."""
    from blueprint.render.writing import as_stream, check_output, write_bundle

    compilation = compile_target(options)
    told = compiled_run("compile", compilation)
    if compilation.files is None or compilation.bundle is None:
        return told
    if options.out == "-":
        sys.stdout.writelines(as_stream(compilation.bundle))
        return 0 if not told.diagnostics else _on_stderr(told)
    folder = Path(options.out)
    if options.check:
        differing = check_output(compilation.files, folder)
        verdict = f"{folder} is not what this blueprint compiles to" if differing else f"{folder} is up to date"
        return replace(
            told, diagnostics=(*told.diagnostics, *differing), verdict=verdict, exit_code=int(bool(differing))
        )
    changed = write_bundle(compilation.files, folder)
    return replace(told, verdict=f"{folder} {'written' if changed else 'is unchanged'}: {told.verdict}")


def _on_stderr(told: Run) -> int:
    from blueprint.report import tell

    tell(told, stdout=sys.stderr)
    return told.exit_code
