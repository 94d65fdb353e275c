"""Wrong lines of an example are marked with the field that the findings name: `limits: {gpu: 1}  # <- gpu`.

`UPDATE_GOLDENS=1` writes the marks; review them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics.pages import Page
from tests.check.test_rules import EXAMPLES, RULES, findings_of, known

MARK = re.compile(r"[ ]+# <- (?P<names>.+)$", re.MULTILINE)


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_fields_that_findings_name_are_marked_in_the_example(code: str) -> None:
    """So that readers see what is wrong, and a rule that points elsewhere is noticed."""
    page = EXAMPLES[code]
    if os.environ.get("UPDATE_GOLDENS"):
        _write_marks(code, page)
    else:
        assert _marks(page.bad) == _found(code, page), "UPDATE_GOLDENS=1 writes the marks"


def _marks(text: str) -> dict[int, set[str]]:
    found = ((number, MARK.search(line)) for number, line in enumerate(text.splitlines()))
    return {number: set(mark["names"].split(", ")) for number, mark in found if mark}


def _found(code: str, page: Page) -> dict[int, set[str]]:
    """For each line of the example, the field that the findings there name: a key, with any indices after it."""
    bad = known(page, page.bad)
    documents = _documents(bad, page.bad)
    lines: dict[int, set[str]] = {}
    for subject, found in findings_of(code, bad):
        lines.setdefault(_line(documents[id(subject)], found.path), set()).add(_name(found.path))
    return lines


def _documents(bad: RuleContext, text: str) -> dict[int, yaml.Node]:
    """The document of each object; objects of a kind are in the same order."""
    nodes: dict[str, list[yaml.Node]] = {}
    for node, data in zip(yaml.compose_all(text), yaml.safe_load_all(text), strict=True):
        nodes.setdefault(data["kind"], []).append(node)
    return {id(each): node for kind in bad.kinds for each, node in zip(bad.kinds[kind], nodes[kind], strict=True)}


def _line(node: yaml.Node, path: tuple[str | int, ...]) -> int:
    """The line of the field or, if it is missing, of its parent."""
    line: int = node.start_mark.line
    for step in path:
        if isinstance(node, yaml.MappingNode):
            below = next(((key, value) for key, value in node.value if key.value == step), None)
        else:
            below = (node.value[step],) * 2 if isinstance(node, yaml.SequenceNode) else None
        if below is None:
            break
        line, node = below[0].start_mark.line, below[1]
    return line


def _name(path: tuple[str | int, ...]) -> str:
    last = max(index for index, step in enumerate(path) if isinstance(step, str))
    return f"{path[last]}{''.join(f'[{index}]' for index in path[last + 1 :])}"


def _write_marks(code: str, page: Page) -> None:
    rule = next(each for each in RULES if code in {own.id for own in each.codes})
    file = Path(next(own for own in rule.codes if own.id == code).page_file or "")
    bare = MARK.sub("", page.bad)
    marked = bare.splitlines()
    for line, names in _found(code, page).items():
        marked[line] += f"  # <- {', '.join(sorted(names))}"
    new = "\n".join(marked) + "\n"
    assert list(yaml.safe_load_all(new)) == list(yaml.safe_load_all(bare)), "a mark would change the example"
    file.write_text(file.read_text("utf-8").replace(page.bad, new, 1), "utf-8")
