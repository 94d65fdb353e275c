"""Provenance is complete: every difference between two bundles cites a line that differs between their blueprints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.bundle.model import Bundle, BundleFact, Source
from blueprint.pipeline import Compilation
from blueprint.source.paths import Path as FieldPath
from blueprint.source.paths import format_path
from tests.support.alternatives import LEAVES, TEXT, others
from tests.support.edits import changed_fields, compared_objects, compiled, replaced, without

REMOVABLE: list[FieldPath] = [
    ("metadata", "owners"),
    ("spec", "cluster", "distribution"),
    ("spec", "cluster", "os"),
    ("spec", "cluster", "uid"),
    ("spec", "cluster", "registries"),
    ("spec", "cluster", "registries", "mirrors", "nvcr.io"),
    ("spec", "cluster", "registries", "mirrors", "*"),
    ("spec", "nodeLabels"),
    ("spec", "nodePools", "system"),
    ("spec", "nodePools", "train"),
    ("spec", "nodePools", "train", "taints"),
    ("spec", "nodePools", "train", "taints", "acme.example/train"),
    ("spec", "nodePools", "train", "expect"),
    ("spec", "nodePools", "lab"),
    ("spec", "nodePools", "lab", "driver"),
    ("spec", "nodePools", "lab", "gpu", "sharing"),
    ("spec", "nodePools", "tuned", "gpu", "mig", "strategy"),
    ("spec", "nodePools", "tuned", "gpu", "sharing"),
    ("spec", "components", "nfd"),
    ("spec", "components", "gpu-operator", "settings"),
    ("spec", "components", "gpu-operator", "settings", "logLevel"),
    ("spec", "components", "gpu-operator", "patches"),
    ("spec", "extraManifests"),
]  # fmt: skip
REPLACEABLE = [path for path in LEAVES if path[0] not in ("apiVersion", "kind", "extends")]

Edit = tuple[FieldPath, str | None]
EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.sampled_from(REPLACEABLE).flatmap(lambda path: st.tuples(st.just(path), st.sampled_from(others(path)))),
    st.sampled_from(REMOVABLE).map(lambda path: (path, None)),
)


def edited(edits: Iterable[Edit]) -> tuple[str, list[str]]:
    """The blueprint after those edits that are not nested in one another, and their paths."""
    text, done = TEXT, list[FieldPath]()
    for path, new in edits:
        if not any(path[: len(other)] == other or other[: len(path)] == path for other in done):
            text = without(text, path) if new is None else replaced(text, path, new)
            done.append(path)
    return text, [format_path(path) for path in done]


def cites(sources: Iterable[Source], paths: list[str]) -> bool:
    """Whether a source is one of the paths, or inside one of them."""
    return any(source.path == path or source.path.startswith((f"{path}.", f"{path}[")) for source in sources
               for path in paths)  # fmt: skip


@pytest.fixture(scope="module")
def original() -> Compilation:
    """The blueprint that sets everything, compiled."""
    return compiled(TEXT)


def uncited(before: Bundle, after: Bundle, paths: list[str]) -> Iterator[str]:
    """The differences between the bundles that cite none of the paths on any side."""
    for sides in changed_fields(before, after, compared_objects(before, after)):
        if not any(cites(side.origin.sources, paths) for side in sides):
            yield f"{sides[0].object.id} {sides[0].name}"
    was, now = ({(e.pool, e.check): e for e in bundle.expectations} for bundle in (before, after))
    for key in {*was, *now}:
        each = [side[key] for side in (was, now) if key in side]
        same = len(each) > 1 and each[0].parameters == each[1].parameters
        if not same and not any(s.path.startswith(path) for side in each for s in side.sources for path in paths):
            yield f"expectation {key}"
    said: dict[str, list[BundleFact]] = {}
    both = {fact.what for fact in before.facts} & {fact.what for fact in after.facts}
    for fact in (*before.facts, *after.facts):
        if fact.what not in both:
            said.setdefault(" ".join(fact.what.split()[:3]), []).append(fact)
    yield from (about for about, facts in said.items() if not any(cites(fact.sources, paths) for fact in facts))


def test_whatever_differs_cites_a_line_that_differs(original: Compilation) -> None:
    before = original.bundle
    assert before

    @settings(max_examples=20, deadline=None)
    @given(edits=st.lists(EDITS, min_size=1, max_size=3))
    def holds(edits: list[Edit]) -> None:
        text, paths = edited(edits)
        after = compiled(text).bundle
        if after is not None:
            assert sorted(uncited(before, after, paths)) == []

    holds()
