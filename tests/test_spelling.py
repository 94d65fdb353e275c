"""The likely intended spelling, and a limit for the work to find it."""

from __future__ import annotations

from blueprint.diagnostics import Comparisons, nearest
from blueprint.diagnostics.spelling import MOST_COMPARISONS


def test_of_names_in_a_series_none_is_likelier() -> None:
    assert nearest("ubuntu-20.04", ["ubuntu-22.04", "ubuntu-24.04"]) is None
    assert nearest("ubunut-22.04", ["ubuntu-22.04", "ubuntu-24.04"]) == "ubuntu-22.04"


def test_nothing_is_suggested_after_too_many_comparisons() -> None:
    names = [f"name-{number}" for number in range(MOST_COMPARISONS // 2)]
    with Comparisons().counted():
        found = [nearest(word, [*names, "other"]) for word in ("othr", "othre")]
        assert nearest("othr", ["other"]) == "other", "a comparison that is not made does not count"
    assert found == ["other", None]
    assert nearest("othre", ["other"]) == "other", "outside nothing is counted"


def test_a_word_of_any_length_is_compared_with_those_of_its_length() -> None:
    assert nearest("x" * 10_000_000, ["other", "name"]) is None
