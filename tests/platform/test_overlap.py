"""Pools that select the same nodes are found without comparing all pairs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blueprint.platform.nodes.overlap import overlapping

SELECTOR = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), min_size=1)


@given(st.dictionaries(st.text("pqrst", min_size=1, max_size=2), SELECTOR))
def test_the_pairs_are_those_of_comparing_all(selectors: dict[str, dict[str, str]]) -> None:
    names = list(selectors)
    expected = [
        (other, name)
        for index, name in enumerate(names)
        for other in names[:index]
        if selectors[other].items() <= selectors[name].items() or selectors[name].items() <= selectors[other].items()
    ]
    assert overlapping(selectors) == expected
