"""Patterns are interpreted as in Go (RE2), not as in Python."""

from __future__ import annotations

import pytest

from blueprint.check.validator import is_go_pattern


@pytest.mark.parametrize("text", ["team.*", r"\pL+", r"app\z", "(?i)x", "(?P<name>a)", "[[:alpha:]]", "a{1,3}", ""])
def test_what_go_takes(text: str) -> None:
    assert is_go_pattern(text)


@pytest.mark.parametrize("text", ["team(", "[a", "*a", "(?=app)x", "(?<!a)b", r"(a)\1", "a{2,1}", r"app\Z"])
def test_what_go_refuses(text: str) -> None:
    assert not is_go_pattern(text)
