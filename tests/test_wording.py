"""Numbers with their noun, and lists of words."""

from __future__ import annotations

from blueprint.wording import counted, counted_or_none, first_few, joined, value_in_words


def test_numbers() -> None:
    assert [counted(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
    assert [counted_or_none(number, "node") for number in (0, 1, 2)] == ["no nodes", "1 node", "2 nodes"]


def test_lists() -> None:
    assert [joined(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert joined(["a", "b", "c"], "or") == "a, b or c"


def test_long_lists() -> None:
    assert first_few(["a", "b"], 2) == "a, b"
    assert first_few(["a", "b", "c", "d"], 2) == "a, b and 2 more"


def test_values() -> None:
    values = (None, True, False, 3, 0.5, "x", "", {"a": 1}, [1])
    assert [value_in_words(value) for value in values] == [
        "nothing", "true", "false", "the number 3", "the number 0.5", 'the string "x"', "an empty string", "a mapping",
        "a list",
    ]  # fmt: skip
