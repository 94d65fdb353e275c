"""Expressions that are followed without Jinja mean what Jinja makes of them, and nothing more is followed."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.render.evaluator import direct
from blueprint.render.expressions import ExpressionError, _jinja_expression, compile_expression


class Thing:
    """An object with an attribute, an item of the same name and a method."""

    a = "attribute"
    n = 2
    empty = ()
    yes = True
    no = False
    words = ("x", "y")
    files = {"f.yaml": {"k": "v"}}  # noqa: RUF012 - a constant of the test

    def __getitem__(self, name: str) -> str:
        return {"a": "item", "only": "item"}[name]

    def labels(self, word: str) -> dict[str, str]:
        return {word: self.a}


CONTEXT: dict[str, Any] = {"component": Thing(), "f": Thing(), "map": {"k": "v", "items": 1}}
ALIKE = [
    "f.a", "f['a']", "f.only", "map.k", "map['items']", "true", "none", "omit", "'text'", "3", "1.5", " f.n ",
    "f.no or f.a", "f.yes and f.a", "f.no and missing", "f.yes or missing", "not f.no", "not f.n == 2",
    "f.a if f.no else omit", "f.n > 1", "f.n >= 3", "f.n != 2", "'x' in f.words", "'z' not in f.words",
    "['a', f.n]", "component.labels('w')", "f.words | join(', ')", "f.empty | join(',') or omit",
    "f.files | yaml_each", "map | yaml", "f.words | join == 'xy'", "not f.empty | join",
    "'on' if f.no or f.words | join('') else 'off'",
]  # fmt: skip
JINJAS = [
    "f.n + 1", "f.a ~ 'x'", "f.a is defined", "f._secret", "f.labels('w')", "f.a.upper()", "map.items()", "f.words[0]",
    "f.words | first", "f.a if f.yes", "1 < f.n < 3", "'a\\n'", "f.words | join(d=',')", "(f.n, 1)", "b'x'",
]  # fmt: skip
WRONG = [
    "missing",
    "f.missing",
    "map['missing']",
    "missing or f.a",
    "f.n > 'x'",
    "component.labels()",
    "f.n | yaml_each",
]


@pytest.mark.parametrize("text", ALIKE)
def test_both_ways_lead_to_the_same_value(text: str) -> None:
    followed = direct(text)
    assert followed is not None
    assert followed(CONTEXT) == _jinja_expression(text)(CONTEXT)


@pytest.mark.parametrize("text", JINJAS)
def test_what_needs_judgement_is_left_to_jinja(text: str) -> None:
    assert direct(text) is None


@pytest.mark.parametrize("text", WRONG)
def test_both_ways_refuse_the_same(text: str) -> None:
    assert direct(text) is not None
    for compiled in (compile_expression, _jinja_expression):
        with pytest.raises(ExpressionError) as caught:
            compiled(text)(CONTEXT)
        assert text in str(caught.value)
