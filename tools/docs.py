"""Write the generated pages of docs/reference/ from the code; with --check, fail if one is stale.

Usage: python tools/docs.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.rules import Condition
from blueprint.diagnostics import all_codes
from blueprint.report.topics.fields import field_facts, fields_of
from blueprint.report.topics.general import EXIT_CODES, PRECEDENCE
from blueprint.report.topics.hardware import facts_of, shown

sys.path.insert(0, str(Path(__file__).resolve().parent))
from helm_page import helm_page

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
    """Write or check every page and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    options = parser.parse_args(arguments)
    wanted = pages()
    stale = [name for name, text in wanted.items() if _content(folder / name) != text]
    if options.check:
        for name in stale:
            print(f"{folder / name} is stale: run python tools/docs.py", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(wanted[name], encoding="utf-8")
        print(f"wrote {folder / name}")
    return 0


def pages() -> dict[str, str]:
    """The content of each page, by file name."""
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "cli.md": cli_page,
        "codes.md": codes_page,
        "compatibility.md": compatibility_page,
        "exit-codes.md": exit_codes_page,
        "from-helm.md": helm_page,
        "hardware.md": hardware_page,
        "machines.md": machines_page,
        "rules.md": rules_page,
        "spec.md": spec_page,
    }
    return {name: "\n".join(_spaced(NOTICE, *write())) + "\n" for name, write in writers.items()}


def codes_page() -> Iterator[str]:
    """Every code, grouped by step, each with its ID as an anchor."""
    yield "# Diagnostic codes"
    yield "Codes are permanent. The first digit is the step that reports the code. Severities can be configured."
    step = None
    for code in all_codes():
        digit = int(code.id[2])
        if digit != step:
            yield f"## BP{digit}: {STEPS[digit]}"
            step = digit
        yield f'### <a id="{code.id.lower()}"></a>{code.id} {code.slug}'
        yield f"Default severity: {code.severity}."
        yield code.about
        if code.page:
            yield f"Bad:\n\n```yaml\n{code.page.bad.rstrip()}\n```"
            yield f"Good:\n\n```yaml\n{code.page.good.rstrip()}\n```"


def rules_page() -> Iterator[str]:
    """Every rule of the GPU platform, by topic, and how it is enforced."""
    yield "# Rules of a GPU platform"
    yield (
        "This page lists known problems with GPUs on Kubernetes, and what prevents each of them: a diagnostic, a "
        "language that cannot express it, or a check of the cluster. Tests prove all lines, except those that files "
        "cannot show."
    )
    numbers = count(1)
    for file in sorted((ROOT / "tools" / "rules").glob("*.yaml")):
        topic = yaml.safe_load(file.read_text(encoding="utf-8"))
        yield f"## {topic['title']}"
        rows = [
            (str(number), rule["wrong"], _kept(rule)) for rule, number in zip(topic["rules"], numbers, strict=False)
        ]
        yield _table(("", "What goes wrong", "What prevents it"), rows)


def _kept(rule: dict[str, Any]) -> str:
    """How a rule is enforced, in words with links."""
    also = f"; see also {_links(rule['also'])}" if "also" in rule else ""
    if "codes" in rule:
        return f"error or warning: {_links(rule['codes'])}{also}"
    if "impossible" in rule:
        return f"cannot be expressed: {rule['impossible']}{also}"
    if "needs" in rule:
        return f"prerequisite of the nodes: [{rule['needs']}](compatibility.md){also}"
    if "undecidable" in rule:
        return f"cannot be detected in files: {rule['undecidable']}{also}"
    if "open" in rule:
        return f"**not checked yet**: {rule['open']}{also}"
    if "live" in rule:
        return f"detected on the cluster or the node: {_links(rule['live'])}{also}"
    return f"note: {rule['told']}{also}"


def _links(codes: list[str]) -> str:
    slugs = {code.id: code.slug for code in all_codes()}
    return ", ".join(f"[{code} {slugs[code]}](codes.md#{code.lower()})" for code in codes)


def exit_codes_page() -> Iterator[str]:
    """The table of exit codes."""
    yield "# Exit codes"
    yield "Exit codes have the same meaning for every verb."
    yield _table(("Code", "Meaning"), [(str(code), meaning) for code, meaning in EXIT_CODES])
    order = " > ".join(str(code) for code in PRECEDENCE)
    yield (
        f"If several apply, the first of {order} is used. `diff` uses the exit codes of diff(1): 0 without "
        "differences, 1 with differences."
    )


def spec_page() -> Iterator[str]:
    """Every field of a blueprint, from the JSON Schema."""
    from blueprint.spec.schema import json_schema

    schema = json_schema()
    yield "# Fields of a blueprint"
    yield (
        "`*` stands for a name that you choose, `[]` for an item of a list. `blueprint explain FIELD` prints the same "
        "text. The JSON Schema for editors is in `schemas/`."
    )
    for field in fields_of(schema):
        yield f"## `{field.path}`"
        if field.description:
            yield field.description
        yield "\n".join(f"- {fact}" for fact in field_facts(field))


def hardware_page() -> Iterator[str]:
    """Every GPU product with its facts, each with its source."""
    catalog = load_catalog()
    yield "# GPU products"
    yield (
        "The facts in the catalogue, with their evidence: `read` in the vendor's source code or documentation, "
        "`observed` on running machines, `derived` by a rule, or `unverified` general knowledge, which never causes "
        "an error. Unknown facts are omitted, not guessed. `docs/how-to/add-a-gpu.md` describes how to add a product."
    )
    yield ", ".join(f"[{name}](#{name.lower()})" for name in catalog.products)
    for name in catalog.products:
        gpu = catalog.gpu(name)
        facts = [(f.path, shown(f.value), f.confidence, f.source) for f in facts_of(gpu)]
        yield f"## {name}"
        yield _table(("Fact", "Value", "Confidence", "Source"), facts)


def machines_page() -> Iterator[str]:
    """Every instance type of every cloud."""
    yield "# Instance types"
    yield (
        "`nodePools.*.machine.instanceType` takes these names. GPUs, CPU and memory that the blueprint does not set "
        "are derived from them. A value in parentheses is not verified."
    )
    columns = {
        "arch": "Arch",
        "product": "GPU",
        "gpus": "GPUs",
        "cpu": "CPU",
        "memory_gib": "GiB",
        "adapters": "Adapters",
        "fabric": "Fabric",
    }
    for cloud in load_catalog().clouds:
        yield f"## {cloud.title}"
        yield _table(
            ("Column", "Confidence", "Source"), [(k, e.confidence, e.source) for k, e in cloud.evidence.items()]
        )
        machines = [(name, cloud.machine(name)) for name in cloud.types]
        rows = [(f"`{name}`", *(_cell(getattr(m, key)) for key in columns), m.note or "") for name, m in machines if m]
        yield _table(("Type", *columns.values(), "Note"), rows)


def compatibility_page() -> Iterator[str]:
    """Every compatibility rule."""
    yield "# Compatibility rules"
    yield (
        "A violation of a rule is reported as [BP3164](codes.md#bp3164); it is a warning if the rule is unverified or "
        "declares this severity. Requirements are listed in the prerequisites of a bundle. An unknown value matches no "
        "condition, except *not known*."
    )
    for rule in load_catalog().rules:
        yield f"## {rule.rule}"
        conditions = [(f"`{subject}`", _asked(condition)) for subject, condition in rule.when.items()]
        yield _table(("Condition", "Value"), conditions)
        yield (
            f"**Not supported:** {rule.forbids}. Fix: {rule.help}." if rule.forbids else f"**Required:** {rule.demands}"
        )
        yield f"Source ({rule.confidence}): {rule.source}."


def _asked(condition: Condition) -> str:
    """A condition in words."""
    bounds = [f"from {condition.at_least}"] if condition.at_least else []
    bounds += [f"up to {condition.at_most}"] if condition.at_most else []
    return "not known" if condition.unknown else " ".join((" or ".join(condition.any_of), *bounds)).strip()


def _cell(fact: Fact[object] | None) -> str:
    if fact is None:
        return ""
    return str(fact.value) if fact.certain else f"({fact.value})"


def cli_page() -> Iterator[str]:
    """Every command and its arguments, from the argument parsers."""
    from blueprint.cli.main import build_parser

    yield "# Command line"
    yield (
        "Results go to stdout, progress to stderr. If stdout is used for output data (`-o -`, `images`, `lab up`), "
        "errors go to stderr. [Exit codes](exit-codes.md) are the same for every verb."
    )
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
            if sub.epilog:
                yield "```sh\n" + "\n".join(line[2:] for line in sub.epilog.splitlines()[1:]) + "\n```"
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
