"""The meaning of a text, and the position of each part of it."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from blueprint.diagnostics import Refused
from blueprint.source.loader import load_documents, load_text
from blueprint.source.scalars import AMBIGUOUS, boolean_word, resolve

_TEXTS = """
a true-ish nope yesterday y1 on-call v1.36 1.36.3 10% 1g.10gb 580.173.02 H100-SXM5-80GB ubuntu-24.04
a:b x=y e1 _1 .a -a +a 1a 12:60x 12:30:99x 2026-11 2026-11-21x 1-2 0b2 0xg 08x ~x nullx NULLIFY /a *
a.b/c 1,000 1.2.3.4 10.0.0.0/8
"""
TEXTS = _TEXTS.split()
VALUES = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "0": 0,
    "7": 7,
    "-7": -7,
    "1.5": 1.5,
    "-0.25": -0.25,
    "1.10": 1.1,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "1.0e+22": 1.0e22,
}
_DISPUTED = """
y Y n N yes Yes YES no No NO on On ON off Off OFF True TRUE False FALSE Null NULL 0755 00 08 09 0o17
0o7 0x10 0XfF 0b11 0B11 0O17 1e1_0 1_000 1e3 1E3 1.5e3 1.5e+400 1. .5 +1 -0 -.5 +.inf .inf -.INF
.nan .NaN 12:30 12:30:45 1:59 190:20:30 2001-01-01 2026-1-2 2001-12-14t21:59:43.10-05:00 =
9223372036854775808 18446744073709551616 1e400
"""
DISPUTED = _DISPUTED.split()


@pytest.mark.parametrize("text", TEXTS)
def test_plain_text_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", VALUES)
def test_what_every_reader_agrees_on_is_a_value(text: str) -> None:
    value = resolve(text)
    assert value == VALUES[text]
    assert type(value) is type(VALUES[text])


@pytest.mark.parametrize("text", DISPUTED)
def test_what_readers_dispute_is_ambiguous(text: str) -> None:
    assert resolve(text) is AMBIGUOUS


@pytest.mark.parametrize(
    "text", [text for text in (*TEXTS, *VALUES) if text not in ("*", "") and not text.startswith("-a")]
)
def test_other_readers_see_the_same(text: str) -> None:
    """YAML 1.1 (PyYAML) and YAML 1.2 (ruamel) read what we accept in the same way."""
    ours = load_text(f"v: {text}", "a").data["v"]
    assert yaml.safe_load(f"v: {text}")["v"] == ours
    assert YAML(typ="safe", pure=True).load(io.StringIO(f"v: {text}"))["v"] == ours


@pytest.mark.parametrize("text", [text for text in DISPUTED if text != "="])
def test_an_ambiguous_scalar_is_text_once_it_is_quoted(text: str) -> None:
    assert load_text(f'v: "{text}"', "a").data == {"v": text}
    with pytest.raises(Refused) as caught:
        load_text(f"v: {text}", "a")
    [found] = caught.value.diagnostics
    if boolean_word(text):
        assert found.fix is None, "either may be meant"
        assert found.help == f'write {boolean_word(text)}, or "{text}" if you mean the string'
    else:
        assert found.fix
        assert found.fix.replacement == f'"{text}"'


def spot(text: str, *path: Any) -> tuple[int, int, int, int]:
    """The position of the value at `path`."""
    span = load_text(text, "a").span(path)
    return span.line, span.column, span.end_line, span.end_column


NESTED = """\
x:
  text: |
    one
    # two

  # a comment
  list:
    - 1
    - {é: ü, e: \U0001f600, f: last}
  # the end
  folded: >-
    a
    b
  long: "a
    b"
  flow: [1,
    2]
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("x", "text"), (2, 9, 4, 10)),
        (("x", "list"), (8, 5, 9, 28)),
        (("x", "list", 0), (8, 7, 8, 8)),
        (("x", "list", 1), (9, 7, 9, 28)),
        (("x", "list", 1, "é"), (9, 11, 9, 12)),
        (("x", "list", 1, "e"), (9, 17, 9, 18)),
        (("x", "list", 1, "f"), (9, 23, 9, 27)),
        (("x", "folded"), (11, 11, 13, 6)),
        (("x", "long"), (14, 9, 15, 7)),
        (("x", "flow"), (16, 9, 17, 7)),
        (("x", "flow", 1), (17, 5, 17, 6)),
        (("x", "nothing", "below"), (2, 3, 17, 7)),
    ],
)
def test_values_have_the_position_where_they_are_written(
    path: tuple[Any, ...], place: tuple[int, int, int, int]
) -> None:
    """Columns count code points from 1; block scalars and collections end with their text, not at the next token."""
    assert spot(NESTED, *path) == place


def test_keys_have_places_of_their_own() -> None:
    document = load_text(NESTED, "a")
    assert str(document.key_span(("x", "flow"))) == "a:16:3"
    assert document.key_span(("x", "list", 1, "f")).end_column == 21


def test_an_alias_has_the_position_where_it_is_used() -> None:
    document = load_text("a: &one {b: 1}\nc: *one\n", "a")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert str(document.span(("c",))) == "a:2:4"


def test_all_mistakes_of_a_text_are_reported_in_one_run() -> None:
    with pytest.raises(Refused) as caught:
        load_text("a: yes\na: 0755\nb: !!int 3\n8: {<<: {}}\n", "a")
    found = sorted(each.code.id for each in caught.value.diagnostics)
    assert found == ["BP1003", "BP1007", "BP1007", "BP1010", "BP1011", "BP1012"]


def test_empty_documents_are_left_out() -> None:
    documents = load_documents("---\na: 1\n---\n---\n# only a comment\n---\nb: 2\n", "a")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert str(documents[1].span()) == "a:7:1"


@pytest.mark.parametrize(
    "char", ["\x85", "\u2028", "\u2029", "\ufeff", "\x00", "\x0b", "\x1b", "\x7f", "\ufffe", "\ud800"]
)
def test_characters_that_readers_treat_differently_are_refused(char: str) -> None:
    """For some of them YAML 1.1 sees a new line, and a new key, where YAML 1.2 sees text."""
    with pytest.raises(Refused) as caught:
        load_text(f"é: x{char}b: 1\n", "a")
    [found] = caught.value.diagnostics
    assert found.code.id == "BP1006"
    assert (str(found.at), f"{ord(char):04X}" in found.message) == ("a:1:5", True)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: {image: registry.example/app:1, b: 2}\n", {"a": {"image": "registry.example/app:1", "b": 2}}),
        ("a: [http://x/y, b:c]\n", {"a": ["http://x/y", "b:c"]}),
        ("a: 1\n---\nb: {c: d:e}\n", None),
    ],
)
def test_a_colon_inside_plain_text_in_braces_is_text(text: str, data: Any) -> None:
    """The C parser rejects it, but every reader that Kubernetes uses accepts it."""
    documents = load_documents(text, "a")
    assert [each.data for each in documents] == ([data] if data else [{"a": 1}, {"b": {"c": "d:e"}}])
    if not data:
        assert str(documents[1].span(("b", "c"))) == "a:3:8"


def test_a_mistake_behind_such_a_colon_is_reported_once_at_its_place() -> None:
    with pytest.raises(Refused) as caught:
        load_text("a: {image: x:1, b: 2\nc: yes\nc: [\n", "a")
    assert [found.code.id for found in caught.value.diagnostics] == ["BP1002"]
    with pytest.raises(Refused) as caught:
        load_text("a: {image: x:1}\nc: yes\n", "a")
    assert [(found.code.id, str(found.at)) for found in caught.value.diagnostics] == [("BP1007", "a:2:4")]
