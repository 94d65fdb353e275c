"""Versions are compared by their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.versions import minor_of, version_key

versions = st.lists(st.integers(0, 10**6), min_size=1, max_size=5)


@given(versions, versions)
def test_versions_are_ordered_as_their_numbers(one: list[int], other: list[int]) -> None:
    texts = (".".join(map(str, each)) for each in (one, other))
    assert [version_key(text) for text in texts] == [tuple(one), tuple(other)]


@given(versions, st.sampled_from(["-rc.1", "+build", "-4.8.3-distroless", " ", "_1", "rc1"]))
def test_prefix_and_suffix_do_not_count(numbers: list[int], suffix: str) -> None:
    text = ".".join(map(str, numbers))
    assert version_key(f"v{text}{suffix}") == version_key(text)


@pytest.mark.parametrize("text", ["", "v", "latest", "-1", "\u0661.2"])
def test_a_version_without_numbers_is_older_than_everything(text: str) -> None:
    assert version_key(text) == () < version_key("0")


def test_leading_zeros_do_not_count() -> None:
    assert version_key("580.65.06") == version_key("580.65.6")


@pytest.mark.parametrize(("version", "minor"), [("1.36.3", "1.36"), ("1.36", "1.36"), ("1", "1")])
def test_minor(version: str, minor: str) -> None:
    assert minor_of(version) == minor
