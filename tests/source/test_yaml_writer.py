"""Everything that is written reads back unchanged with YAML 1.1 (PyYAML), 1.2 (ruamel) and our own strict reader."""

# ruff: noqa: E501, RUF005, SIM905 - a wall of nasty strings, easier to read as one

from __future__ import annotations

import io

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from blueprint.source.loader import load_text
from blueprint.source.yaml_writer import emit, inline

NASTY = """
y Y n N yes No on OFF true null ~ 1 1.0 1e3 1E3 1.5e3 1e+3 08 09 0o17 0755 0b11 0x10 1_000 12:30 2001-01-01 = << .inf .NaN - ? :
a:b a: :a #x x#y {a} [a] &a *a !a |a >a %a @a `a 'a "a \\a 1g.10gb 580.173.02 v26.7.0 nvcr.io/nvidia:1 --flag=x -c .5 +1 -1 e1
""".split() + [
    "", " ", " a", "a ", "a b", "a # b", "a: b", "a\tb", "a\n", "\n", "\na", "a\n\n", "a\nb", "a \nb", " a\nb", "a\n b\n", "a\r\nb",
    "\u0085", "a\u2028b\nc", "\ufeffx", "\U0001f600", "é", "\x00", "\x7f", "---", "...", "- a", "? a", "null\n", "a\n---\nb", "a\n...\nb",
]  # fmt: skip


def readers(text: str) -> list[object]:
    return [
        yaml.safe_load(text),
        YAML(typ="safe", pure=True).load(io.StringIO(text)),
        load_text(text, "emitted.yaml").data,
    ]


@pytest.mark.parametrize("value", NASTY)
def test_every_reader_gets_a_nasty_string_back(value: str) -> None:
    data = {"value": value, "list": [value, {"nested": value}], "deep": {"er": [[value]]}}
    for seen in readers(emit(data)):
        assert seen == data


@pytest.mark.parametrize("value", [*NASTY, "a,b", "a:b", "a=b"])
def test_every_reader_gets_a_nasty_string_back_from_one_line(value: str) -> None:
    data = {"value": value, "list": [value, {"nested": value}], f"key {value}": 1}
    for text in (inline(data), f"- {inline(data)}", f"in: {{brackets: {inline(value)}}}"):
        assert "\n" not in text
    for seen in readers(inline(data)):
        assert seen == data


@pytest.mark.parametrize("key", [k for k in NASTY if k])
def test_every_reader_gets_a_nasty_key_back(key: str) -> None:
    for seen in readers(emit({key: 1})):
        assert seen == {key: 1}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_json_value_survives_every_reader(value: object) -> None:
    for seen in readers(emit({"value": value})):
        assert seen == {"value": value}


@pytest.mark.parametrize("value", [2**64, float("nan"), float("inf"), "\ud800"])
def test_what_some_reader_would_change_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        emit({"value": value})
