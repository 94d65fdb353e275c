"""Expressions of templates: values keep their type, undefined names are rejected, and nothing dangerous is
accessible.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from blueprint.render.expressions import OMIT, ExpressionError, compile_expression, compile_text


class Thing:
    """An object with an attribute, an item of the same name and a method."""

    a = "attribute"
    n = 2
    empty = ()
    yes = True
    no = False
    words = ("x", "y")
    files = {"f.yaml": {"k": "v"}}  # noqa: RUF012 - a constant of the test
    _private = "hidden"

    def __getitem__(self, name: str) -> str:
        return {"a": "item", "only": "item"}[name]

    def labels(self, word: str) -> dict[str, str]:
        return {word: self.a}


CONTEXT: dict[str, Any] = {"f": Thing(), "map": {"k": "v", "items": 1}, "list": [1]}
VALUES = {
    "f.a": "attribute", "f['a']": "item", "f.only": "item", "map.k": "v", "map['items']": 1, "true": True, "omit": OMIT,
    "'text'": "text", "3": 3, " f.n ": 2, "f.no or f.a": "attribute", "f.yes or missing": True, "not f.n == 2": False,
    "f.a if f.no else omit": OMIT, "f.n + 1": 3, "f.a ~ 'x'": "attributex", "missing is defined": False,
    "'x' in f.words": True, "['a', f.n]": ["a", 2], "f.labels('w')": {"w": "attribute"}, "f.words | join(', ')": "x, y",
    "f.empty | join(',') or omit": OMIT, "f.words | first": "x", "map | yaml": "k: v\nitems: 1\n",
    "f.files | yaml_each": {"f.yaml": "k: v\n"}, "'%}'": "%}", "1 < f.n < 3": True, "none": None,
}  # fmt: skip
REFUSED = {
    "missing": "missing", "f.missing": "missing", "map['missing']": "missing", "missing or f.a": "missing",
    "f.n > 'x'": "TypeError", "f.labels()": "TypeError", "f.a if f.no": "no else",
    "f._private": "unsafe", "f.labels.__globals__": "unsafe", "list.append(2)": "unsafe",
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_a_value_keeps_its_type(text: str) -> None:
    value = compile_expression(text)(CONTEXT)
    assert value == VALUES[text]
    assert type(value) is type(VALUES[text])


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_value_says_why_and_where(text: str) -> None:
    with pytest.raises(ExpressionError, match=REFUSED[text]) as caught:
        compile_expression(text)(CONTEXT)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "text", ["f.", "f..a", "f.a if", "f | nothing", "'open", "now() %}{% set x = 1", "f.n | tojson"]
)
def test_what_is_not_an_expression_is_refused_before_it_is_evaluated(text: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(text)):
        compile_expression(text)
    with pytest.raises(ExpressionError):
        compile_expression("")


def test_text_keeps_everything_around_its_expressions() -> None:
    assert compile_text("a {{ f.n }}-{{ f.a }}\n{% if f.no %}never{% endif %}\n")(CONTEXT) == "a 2-attribute\n\n"
    with pytest.raises(ExpressionError, match="missing"):
        compile_text("a {{ missing }}")(CONTEXT)


@pytest.mark.parametrize("text", ["range(1)", "lipsum()", "cycler('a')", "now()", "env.HOME", "open('/etc/passwd')"])
def test_nothing_but_the_context_is_accessible(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)(CONTEXT)
