"""Patterns: wildcards, and brackets that are literal."""

from __future__ import annotations

import pytest

from blueprint.waivers.patterns import matches, matches_everything


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("Deployment/apps/web", "Deployment/apps/web", True),
        ("Deployment/apps/web", "Deployment/apps/web2", False),
        ("Deployment/*", "Deployment/apps/web", True),
        ("deployment/*", "Deployment/apps/web", False),
        ("Node/gpu-0?", "Node/gpu-07", True),
        ("Node/gpu-0?", "Node/gpu-17", False),
        ("containers[name=spy].image", "containers[name=spy].image", True),
        ("containers[*].image", "containers[name=spy].image", True),
        ("containers[ns]", "containersn", False),
        ("a.b", "aXb", False),
        ("*", "", False),
        ("**", "anything/at/all", True),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["*", "**", "*/*", "*/*/*", "?*", "*.*"])
def test_patterns_of_wildcards_alone_match_everything(pattern: str) -> None:
    assert matches_everything(pattern)


@pytest.mark.parametrize("pattern", ["Node/*", "*/apps/*", "spec.*"])
def test_other_patterns_do_not(pattern: str) -> None:
    assert not matches_everything(pattern)
