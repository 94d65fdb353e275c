"""What somebody probably meant, and how much work that may be."""

from __future__ import annotations

from blueprint.diagnostics import Suggestions, nearest


def test_of_names_in_a_series_none_is_likelier() -> None:
    assert nearest("ubuntu-20.04", ["ubuntu-22.04", "ubuntu-24.04"]) is None
    assert nearest("ubunut-22.04", ["ubuntu-22.04", "ubuntu-24.04"]) == "ubuntu-22.04"


def test_suggestions_end_where_comparing_would_exceed_the_bound() -> None:
    suggestions = Suggestions()
    names = {f"name-{number}" for number in range(Suggestions.MOST_COMPARISONS // 4)} | {"other"}
    assert suggestions.nearest("othr", names | {"x" * 40}) == "other"
    assert suggestions.nearest("othr", {*names, *(f"more-{number}" for number in range(len(names) * 3))}) is None
    assert suggestions.nearest("othr", ["other"]) == "other", "what is not compared takes nothing off"
