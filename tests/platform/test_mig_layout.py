"""A layout is verified when it is created: a possible one has a place for every instance, an impossible one
a reason.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.hardware import Mig
from blueprint.platform.partitioning.layout import (
    DevicesMissing,
    DevicesRepeated,
    Entry,
    MediaTwice,
    MigUnsupported,
    PlacementsUnknown,
    ProfilesUnknown,
    ProfileUnknown,
    TooManyInstances,
    layout_of,
)
from blueprint.platform.partitioning.packing import media, pack

CATALOG = load_catalog()
FACTS = {name: gpu.mig for name in CATALOG.products if (gpu := CATALOG.gpu(name))}
PROVABLE = {
    name: mig
    for name, mig in FACTS.items()
    if mig.profiles and mig.profiles.certain and mig.placements and mig.placements.certain
}
SHAPES = [*{repr(mig): name for name, mig in PROVABLE.items()}.values()]
"""One product for each set of profiles and placements."""
COUNT = 8


def profiles_of(mig: Mig) -> dict[str, int]:
    """The maximum number of instances of each profile."""
    assert mig.profiles
    return {profile.name: profile.max for profile in mig.profiles.value}


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Mig, list[Entry]]:
    """A product and a layout of its GPUs, possible or not."""
    mig = FACTS[draw(st.sampled_from(SHAPES))]
    names = [*profiles_of(mig), "9g.999gb"]
    devices = st.lists(st.integers(0, COUNT), min_size=1, max_size=4)
    instances = st.lists(st.sampled_from(names), min_size=1, max_size=4).map(lambda found: dict(Counter(found)))
    return mig, draw(st.lists(st.tuples(devices, instances), min_size=1, max_size=3))


@given(layouts())
def test_a_possible_layout_has_every_gpu_once_and_a_place_for_every_instance(case: tuple[Mig, list[Entry]]) -> None:
    mig, entries = case
    layout = layout_of(entries, COUNT, mig)
    if not layout.possible:
        assert any(conflict.proven for conflict in layout.conflicts)
        return
    assert sorted(device for group in layout.groups for device in group.devices) == [*range(COUNT)]
    for group in layout.groups:
        slots = group.placement or ()
        taken = [index for slot in slots for index in range(slot.start, slot.last + 1)]
        assert len(taken) == len(set(taken))
        assert Counter(slot.profile for slot in slots) == group.instances
    assert sum(layout.instances_per_node.values()) == sum(
        len(devices) * sum(instances.values()) for devices, instances in entries
    )


@given(layouts())
def test_a_layout_is_refused_for_a_reason_of_its_own_entry_alone(case: tuple[Mig, list[Entry]]) -> None:
    mig, entries = case
    assert mig.placements
    conflicts = layout_of(entries, COUNT, mig).conflicts
    most, seen = profiles_of(mig), set[int]()
    for at, (devices, instances) in enumerate(entries):
        found = {type(conflict) for conflict in conflicts if conflict.entry == at}
        there = {device for device in devices if device < COUNT}
        assert (DevicesMissing in found) is (len(there) < len({*devices}))
        assert (DevicesRepeated in found) is bool(there & seen or any(devices.count(d) > 1 for d in there))
        assert (ProfileUnknown in found) is (not instances.keys() <= most.keys())
        many = {name for name, number in instances.items() if number > most.get(name, number)}
        assert (TooManyInstances in found) is any(not media(name) for name in many)
        with_media = [name for name in instances if name in most and media(name)]
        assert (MediaTwice in found) is (len(with_media) > 1 or any(media(name) for name in many))
        if found <= {DevicesMissing, DevicesRepeated}:
            assert pack(instances, mig.placements.value) is not None
        seen |= there


def test_a_product_without_mig_has_one_conflict_and_one_that_nobody_knows_has_none() -> None:
    without = next(mig for mig in FACTS.values() if mig.supported.certain and not mig.supported.value)
    entries: list[Entry] = [((0, 0, 99), {"1g.10gb": 99})]
    assert layout_of(entries, COUNT, without).conflicts == (MigUnsupported(),)
    assert layout_of(entries, COUNT, None).possible


def test_what_nobody_knows_makes_a_layout_unproven_and_not_impossible() -> None:
    unknown = next(mig for mig in FACTS.values() if mig.supported.value and mig.profiles is None)
    assert layout_of([((0,), {"1g.10gb": 1})], 1, unknown).conflicts == (ProfilesUnknown(),)
    unplaced = next((mig for mig in FACTS.values() if mig.profiles and not mig.placements), None)
    if unplaced is not None:
        name = next(iter(profiles_of(unplaced)))
        assert layout_of([((0,), {name: 1})], 1, unplaced).conflicts == (PlacementsUnknown(entry=0),)
    assert layout_of([((0,), {"1g.10gb": 1})], 1, unknown).possible


def test_one_profile_is_only_where_no_gpu_stays_whole() -> None:
    mig = FACTS["H100-SXM5-80GB"]
    assert layout_of([(range(COUNT), {"1g.10gb": 7})], COUNT, mig).only_profile == "1g.10gb"
    partly = layout_of([((0,), {"1g.10gb": 7})], COUNT, mig)
    assert (partly.only_profile, partly.whole_devices) == (None, tuple(range(1, COUNT)))
    assert layout_of([((0,), {"1g.10gb": 1, "2g.20gb": 1})], 1, mig).only_profile is None
