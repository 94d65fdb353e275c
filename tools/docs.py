"""Write the generated pages of docs/reference/ from the code; with --check, fail if one is stale.

Usage: python tools/docs.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from blueprint.diagnostics import all_codes
from blueprint.report.topics.fields import field_facts, fields_of
from blueprint.report.topics.general import EXIT_CODES, PRECEDENCE

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
NOTICE = "<!-- Written by tools/docs.py from the code. Do not edit: run it again. -->"
STEPS = (
    "The tool itself",
    "Reading: YAML, overlays, revisions",
    "The blueprint's language",
    "Resolving products, components, releases",
    "Rendering",
    "Schemas and references",
    "Rules",
    "The cluster: plan, apply, prune",
    "Drift",
    "Probing nodes",
)


def main(arguments: list[str], folder: Path = REFERENCE) -> int:
    """Write or check every page; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    options = parser.parse_args(arguments)
    stale = [name for name, text in pages().items() if _content(folder / name) != text]
    if options.check:
        for name in stale:
            print(f"{folder / name} is stale: run python tools/docs.py", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(pages()[name], encoding="utf-8")
        print(f"wrote {folder / name}")
    return 0


def pages() -> dict[str, str]:
    """File name to content."""
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "cli.md": cli_page,
        "codes.md": codes_page,
        "exit-codes.md": exit_codes_page,
        "spec.md": spec_page,
    }
    return {name: "\n".join(_spaced(NOTICE, *write())) + "\n" for name, write in writers.items()}


def codes_page() -> Iterator[str]:
    """Every code under its step, each with an anchor of its id."""
    yield "# Diagnostic codes"
    yield "Codes are permanent. The first digit says where something was found; severity is configuration."
    step = None
    for code in all_codes():
        digit = int(code.id[2])
        if digit != step:
            yield f"## BP{digit}: {STEPS[digit]}"
            step = digit
        yield f'### <a id="{code.id.lower()}"></a>{code.id} {code.slug}'
        yield f"Default severity: {code.severity}."
        yield code.about


def exit_codes_page() -> Iterator[str]:
    """The table of exit codes."""
    yield "# Exit codes"
    yield "The same for every verb."
    yield _table(("Code", "Meaning"), [(str(code), meaning) for code, meaning in EXIT_CODES])
    order = " > ".join(str(code) for code in PRECEDENCE)
    yield f"Where several apply, the first of {order} wins. `diff` follows diff(1): 0 without and 1 with differences."


def spec_page() -> Iterator[str]:
    """Every field of a blueprint, from the JSON Schema."""
    from blueprint.spec import json_schema

    schema = json_schema()
    yield "# Fields of a blueprint"
    yield (
        "`*` stands for a name that you choose, `[]` for an item of a list. `blueprint explain FIELD` prints the same. "
        "The schema itself is in `schemas/`, for editors."
    )
    for field in fields_of(schema):
        yield f"## `{field.path}`"
        if field.description:
            yield field.description
        yield "\n".join(f"- {fact}" for fact in field_facts(field))


def cli_page() -> Iterator[str]:
    """Every verb and its arguments, from the parsers themselves."""
    from blueprint.cli.main import build_parser

    yield "# Command line"
    yield "Results go to stdout, progress to stderr. [Exit codes](exit-codes.md) are the same for every verb."
    yield from _parser(build_parser(), "blueprint", 2)


def _parser(parser: argparse.ArgumentParser, name: str, level: int) -> Iterator[str]:
    actions = [action for action in parser._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001 - no public way
    below = [action for action in actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    if rows := [_argument(action) for action in actions if action not in below and action.dest != "help"]:
        yield _table(("Argument", "What it does"), rows)
    for action in below:
        for verb, sub in action.choices.items():
            help_of = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            yield f"{'#' * level} {name} {verb}"
            yield sub.description or _sentence(help_of.get(verb, ""))
            yield from _parser(sub, f"{name} {verb}", level + 1)


def _argument(action: argparse.Action) -> tuple[str, str]:
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    value = " ".join(value) if isinstance(value, tuple) else value
    if action.choices and not action.metavar:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    shown = ", ".join(f"`{flag}{f' {value}' if value else ''}`" for flag in action.option_strings) or f"`{value}`"
    help_text = (action.help or "") % {**vars(action), "prog": "blueprint"}
    required = " Required." if action.required and action.option_strings else ""
    return shown, _sentence(help_text) + required


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    shown = text[:1].upper() + text[1:]
    return shown if not shown or shown.endswith((".", "!", "?")) else f"{shown}."


def _spaced(*blocks: str) -> Iterator[str]:
    for number, block in enumerate(blocks):
        yield from [block] if number == 0 else ["", block.strip()]


def _content(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
