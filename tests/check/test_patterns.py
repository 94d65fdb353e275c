"""Patterns are interpreted as in Go (RE2), not as in Python, and texts as in JSON."""

from __future__ import annotations

import pytest

from blueprint.check.validator import NotJsonError, compile_schema, is_go_pattern


@pytest.mark.parametrize("text", ["team.*", r"\pL+", r"app\z", "(?i)x", "(?P<name>a)", "[[:alpha:]]", "a{1,3}", ""])
def test_what_go_takes(text: str) -> None:
    assert is_go_pattern(text)


@pytest.mark.parametrize("text", ["team(", "[a", "*a", "(?=app)x", "(?<!a)b", r"(a)\1", "a{2,1}", r"app\Z"])
def test_what_go_refuses(text: str) -> None:
    assert not is_go_pattern(text)


@pytest.mark.parametrize("text", ["a\ud800", "\udfff"])
def test_half_of_a_surrogate_pair_is_not_json(text: str) -> None:
    validate = compile_schema({"additionalProperties": {"type": "string"}}, "jsonschema")
    assert list(validate({"a": "\ud7ff\ue000"})) == []
    with pytest.raises(NotJsonError) as raised:
        list(validate({"a": text}))
    assert raised.value.path == ("a",)
