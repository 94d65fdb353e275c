"""The packing decision agrees with exhaustive search, for every GPU of the catalogue that can be partitioned."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.hardware import Mig, MigPlacement
from blueprint.platform.partitioning.packing import media, no_room, pack, ranges, slices, whole

CATALOG = load_catalog()
MIGS: dict[str, Mig] = {
    name: found.mig for name in CATALOG.products if (found := CATALOG.gpu(name)) and found.mig.placements
}
SHAPES = list({repr(mig.placements and mig.placements.value): name for name, mig in MIGS.items()}.values())
"""One product for each set of placements."""
MIG_PARTED = YAML(typ="safe").load(Path(__file__).with_name("mig-parted-layouts.yaml").read_text("utf-8"))
BALANCED = [(device, entry["instances"]) for entry in MIG_PARTED["balanced"] for device in entry["devices"]]


def places_of(product: str) -> Mapping[str, MigPlacement]:
    placements = MIGS[product].placements
    assert placements
    return placements.value


def maxima_of(product: str) -> dict[str, int]:
    profiles = MIGS[product].profiles
    assert profiles
    return {profile.name: profile.max for profile in profiles.value}


def tried(counts: Mapping[str, int], places: Mapping[str, MigPlacement]) -> bool:
    """Whether some choice of starts for all instances leaves no two of them on one slice."""
    instances = [name for name, number in counts.items() for _ in range(number)]
    for starts in itertools.product(*(places[name].starts for name in instances)):
        taken = Counter(
            slice_ for name, start in zip(instances, starts, strict=True)
            for slice_ in range(start, start + places[name].slices)
        )  # fmt: skip
        if all(times == 1 for times in taken.values()):
            return True
    return False


@st.composite
def layouts(draw: st.DrawFn, most: int = 5) -> tuple[str, dict[str, int]]:
    """A product and a few instances on one GPU of it, possible or not."""
    product = draw(st.sampled_from(SHAPES))
    names = draw(st.lists(st.sampled_from(sorted(places_of(product))), min_size=1, max_size=most))
    return product, dict(Counter(names))


@given(layouts())
def test_the_decision_agrees_with_exhaustive_search(layout: tuple[str, dict[str, int]]) -> None:
    product, counts = layout
    places = places_of(product)

    packed = pack(counts, places)

    assert (packed is not None) == tried(counts, places)


@given(layouts(most=8))
def test_accepted_layouts_pack_and_rejected_ones_name_the_obstacle(
    layout: tuple[str, dict[str, int]],
) -> None:
    product, counts = layout
    places = places_of(product)
    packed, blocked = pack(counts, places), no_room(counts, places)
    assert (packed is None) == (blocked is not None)
    slots = packed or (blocked.packed if blocked else ())
    taken = [index for slot in slots for index in range(slot.start, slot.last + 1)]
    assert len(taken) == len(set(taken))
    assert all(slot.start in places[slot.profile].starts and slot.size == places[slot.profile].slices for slot in slots)
    there = Counter(slot.profile for slot in slots)
    if packed is not None:
        assert there == counts
    if blocked:
        assert pack(there + Counter([blocked.profile]), places) is None


def everything_within(product: str) -> Iterator[dict[str, int]]:
    """Every layout within the maxima of each profile."""
    maxima = maxima_of(product)
    for numbers in itertools.product(*(range(most + 1) for most in maxima.values())):
        yield {name: number for name, number in zip(maxima, numbers, strict=True) if number}


@pytest.mark.parametrize("product", [name for name in SHAPES if "RTX" not in name])
def test_slices_told_by_the_names_decide_as_placements_do(product: str) -> None:
    """So a layout can be rejected for a GPU whose placements are unknown, from its profiles alone."""
    places, maxima = places_of(product), maxima_of(product)
    there = whole(maxima)
    for counts in everything_within(product):
        asked = [(slices(name, maxima), number) for name, number in counts.items()]
        compute = sum(each.compute * number for each, number in asked)
        memory = sum(each.memory * number for each, number in asked)
        fits = compute <= there.compute and memory <= there.memory
        assert fits == (pack(counts, places) is not None), counts


@pytest.mark.parametrize("product", MIGS)
def test_the_name_of_a_profile_tells_the_slices_that_its_placements_take(product: str) -> None:
    places = places_of(product)
    assert {name: slices(name, places).memory for name in places} == {name: p.slices for name, p in places.items()}


@pytest.mark.parametrize("product", MIGS)
def test_the_maximum_of_a_profile_packs_and_one_more_does_not(product: str) -> None:
    for name, most in maxima_of(product).items():
        assert pack({name: most}, places_of(product))
        limited_otherwise = media(name)
        assert limited_otherwise or pack({name: most + 1}, places_of(product)) is None


def product_of(device: str) -> str | None:
    """The catalogue's product with this PCI device id."""
    products = {name: CATALOG.gpu(name) for name in CATALOG.products}
    return next((name for name, gpu in products.items() if gpu and device in gpu.device_ids), None)


@pytest.mark.parametrize(("device", "instances"), BALANCED)
def test_default_layouts_of_the_mig_manager_pack(device: str, instances: dict[str, int]) -> None:
    """Its balanced layout, and every profile alone as often as it declares."""
    product = product_of(device)
    if product is None:
        assert device in {"233d", "20b6"}, "H100 with 96 GB and PG506, whose names nobody knows"
        return
    places = places_of(product)
    assert pack(instances, places)
    for name, most in maxima_of(product).items():
        assert most in MIG_PARTED["uniform"][name], name
        assert pack({name: most}, places)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("1g.10gb", False), ("1g.10gb+me", True), ("1g.24gb+me.all", True), ("1g.24gb-me", False), ("1g.24gb+gfx", False)],
)
def test_which_profiles_have_the_media_engines(profile: str, expected: bool) -> None:
    assert media(profile) is expected


def test_consecutive_numbers_are_shown_as_ranges() -> None:
    assert ranges([3, 0, 1, 2, 5]) == "0-3, 5"
