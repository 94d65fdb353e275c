"""Quantities take the form in which the API server stores them; durations are read as in Prometheus."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.units import as_duration, canonical_quantity, duration_seconds, quantity_value


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1000m", "1"), ("1500m", "1500m"), ("1.5", "1500m"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"),
        ("1000", "1k"), ("1024", "1024"), ("1Ki", "1Ki"), ("0.5Ki", "512"), ("512Mi", "512Mi"), ("1e3", "1e3"),
        ("12e6", "12e6"), ("1E2", "100"), ("0", "0"), ("0Gi", "0"), ("-1024Ki", "-1Mi"), ("100n", "100n"),
        ("0.1n", "1n"), ("-0.1n", "-1n"), ("1Ei", "1Ei"), ("1025Ki", "1025Ki"), ("+1", "1"), (".5", "500m"),
        ("5.", "5"), ("1000000k", "1G"), ("0.0001Ki", "102400u"), (8, "8"), (1.5, "1500m"), (1000000, "1M"),
    ],
)  # fmt: skip
def test_the_stored_form(written: str | float, stored: str) -> None:
    """As in k8s.io/apimachinery/pkg/api/resource."""
    assert canonical_quantity(written) == stored


@pytest.mark.parametrize(
    "text", ["", "1GB", "1 Gi", "Gi", "1ki", "--1", "1e", "1e1.5", "1e999", "0x10", "1_000", "nan"]
)
def test_what_is_not_a_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        canonical_quantity(text)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-3"]))
def test_the_stored_form_is_stable_and_means_the_same(number: int, suffix: str) -> None:
    stored = canonical_quantity(f"{number}{suffix}")
    assert canonical_quantity(stored) == stored
    assert quantity_value(stored) == quantity_value(f"{number}{suffix}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("15s", 15), ("1m30s", 90), ("1h", 3600), ("1d", 86400), ("2w", 1209600), ("1y", 31536000), ("0s", 0)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_seconds(text) == as_duration(text) == seconds


def test_milliseconds_are_not_minutes() -> None:
    assert duration_seconds("100ms") == Fraction(1, 10)
    assert duration_seconds("5m100ms") == 300 + Fraction(1, 10)


@pytest.mark.parametrize("text", ["", "s", "15", "-1s", "1.5h", "1s1m", "1 s", "1S", "1s\n", "\u0661s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    """Prometheus requires larger units first, and whole numbers."""
    assert as_duration(text) is None
    with pytest.raises(ValueError, match="not a duration"):
        duration_seconds(text)


@given(st.none() | st.integers() | st.lists(st.text()))
def test_only_text_is_a_duration(value: object) -> None:
    assert as_duration(value) is None


@given(st.integers(0, 10**9), st.integers(0, 59), st.integers(0, 999))
def test_parts_of_a_duration_add_up(hours: int, minutes: int, milliseconds: int) -> None:
    together = duration_seconds(f"{hours}h{minutes}m{milliseconds}ms")
    assert together == 3600 * hours + 60 * minutes + Fraction(milliseconds, 1000)
