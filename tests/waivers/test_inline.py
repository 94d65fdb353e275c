"""Waivers in comments: the line to which they apply, what is not a waiver, and mistakes in them."""

from __future__ import annotations

from datetime import date

import pytest

from blueprint.diagnostics import Diagnostic
from blueprint.source.comments import marked_comments
from blueprint.waivers.inline import FORM, inline_waivers
from blueprint.waivers.model import Waiver
from tests.bad_input.test_mistakes import _place, unmarked
from tests.waivers.test_reading import located

TODAY = date(2026, 11, 29)
GOOD = "# blueprint: waive BP6101 until 2027-03-31 -- moves (see CHG-7) in March (platform team)"


def read(text: str) -> tuple[list[Waiver], list[Diagnostic]]:
    return inline_waivers(text, "app.yaml", TODAY)


def test_a_comment_is_about_its_own_line_or_the_next_with_content() -> None:
    found, problems = read(f"a: 1  {GOOD}\n{GOOD}\n\n# more\nb: 2\nc: |\n  x\n{GOOD}\nd: 3\n")
    assert not problems
    assert [(each.at.line, each.line) for each in found] == [(1, 1), (2, 5), (8, 9)]
    first = found[0]
    assert (first.code.id, first.reason, first.owner) == ("BP6101", "moves (see CHG-7) in March", "platform team")
    assert (first.expires, str(first.at)) == (date(2027, 3, 31), "app.yaml:1:26")


def test_comments_above_each_other_are_about_the_same_line() -> None:
    found, _ = read(f"{GOOD}\n{GOOD.replace('BP6101', 'BP6020')}\na: 1\n")
    assert [(each.code.id, each.line) for each in found] == [("BP6101", 3), ("BP6020", 3)]


def test_several_codes_are_several_waivers() -> None:
    found, problems = read(f"a: 1 {GOOD.replace('BP6101', 'BP6101, BP6020,driver-doubtful')}\n")
    assert not problems
    assert [each.code.id for each in found] == ["BP6101", "BP6020", "BP3161"]
    assert [each.at.column for each in found] == [25, 33, 40]


@pytest.mark.parametrize(
    "text",
    [
        f"a: |\n  b\n  {GOOD}\nc: 1\n",
        f"a: >-\n  b\n  {GOOD}\n  c\n",
        f'a: "b {GOOD}"\n',
        f"a: 'b\n  {GOOD}\n  c'\n",
        f"a: b{GOOD}\n",
        "# blueprint: see the documentation\na: 1\n",
        "# our blueprint: waive nothing\na: 1\n",
    ],
)
def test_text_in_scalars_and_other_comments_are_not_waivers(text: str) -> None:
    assert read(text) == ([], [])


def test_the_comment_behind_the_header_of_a_block_is_one() -> None:
    found, _ = read(f"a: | {GOOD}\n  b # c\n")
    assert [each.line for each in found] == [1]


def test_of_text_that_is_not_yaml_the_beginning_is_read() -> None:
    comments = list(marked_comments(f"a: 1 {GOOD}\nb: [\nc: }}\nd: 1 {GOOD}\n", "blueprint:"))
    assert [each.line for each in comments] == [1]


def test_comments_of_every_document_are_found() -> None:
    found, _ = read(f"a: 1 {GOOD}\n---\nb: 1 {GOOD}\n")
    assert [each.line for each in found] == [1, 3]


MISTAKES = {
    "no date": ("a: 1 «# blueprint: waive BP6101 -- reason (owner)»\n", "BP0059", "waive BP6101 until"),
    "no reason": ("a: 1 «# blueprint: waive BP6101 until 2027-03-31 (owner)»\n", "BP0059", "-- reason"),
    "no owner": ("a: 1 «# blueprint: waive BP6101 until 2027-03-31 -- reason»\n", "BP0059", "(owner)"),
    "empty owner": ("a: 1 «# blueprint: waive BP6101 until 2027-03-31 -- reason ( )»\n", "BP0059", "(owner)"),
    "misspelt word": ("«# blueprint: wave BP6101 until 2027-03-31 -- reason (owner)»\na: 1\n", "BP0059", FORM),
    "nothing": ("a: 1 «#blueprint: waive»\n", "BP0059", FORM),
    "unknown code": (f"a: 1 {GOOD.replace('BP6101', '«BP6100»')}\n", "BP0053", "explain"),
    "refused code": (f"a: 1 {GOOD.replace('BP6101', '«BP1002»')}\n", "BP0054", "remove"),
    "second code": (f"a: 1 {GOOD.replace('BP6101', 'BP6101, «nope-nope»')}\n", "BP0053", "explain"),
    "bad day": (f"a: 1 {GOOD.replace('2027-03-31', '«2027-13-31»')}\n", "BP0052", "2027-03-31"),
    "far ahead": (f"a: 1 {GOOD.replace('2027-03-31', '«2037-03-31»')}\n", "BP0058", "2027-11-30"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_where_it_is(name: str) -> None:
    text, code, way_out = MISTAKES[name]
    found, problems = read(unmarked(text))
    [problem] = problems
    assert problem.code.id == code
    assert way_out in (problem.help or "")
    assert located(problem) == {**_place("app.yaml", text)}
    assert bool(found) is (code == "BP0058")
