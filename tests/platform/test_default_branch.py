"""The driver branch of a pool without one is determined once: checks and rendering use the same."""

from __future__ import annotations

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.cli.choices import choices_for
from blueprint.cli.draft import PoolDraft
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation
from blueprint.platform.drivers.branches import default_branch, usable_branches
from tests.support.platforms import blueprint, compiled, pool

CATALOG = load_catalog()
SYSTEM = "ubuntu-24.04"
GPUS = {name: gpu for name in CATALOG.products if (gpu := CATALOG.gpu(name))}


def declared(release: str, products: list[str], *, system: str = SYSTEM, driver: str = "{}") -> str:
    """A blueprint of one pool for each product."""
    pools = (
        pool(f"p{number}", f"driver: {driver}", product=product, count=1) for number, product in enumerate(products)
    )
    return blueprint(*pools, release=release, kubernetes="1.34", os=system)


def errors(done: Compilation) -> list[str]:
    return [f"{d.code.id} {d.path}: {d.message}" for d in done.diagnostics if d.severity is Severity.ERROR]


@pytest.mark.parametrize("release", CATALOG.releases)
def test_every_product_that_some_branch_knows_gets_a_branch_in_every_release(release: str) -> None:
    known = CATALOG.release(release)
    assert known
    usable = [name for name, gpu in GPUS.items() if usable_branches(gpu, known, SYSTEM)]
    assert len(usable) > 50
    assert errors(compiled(declared(release, usable))) == []


@pytest.mark.parametrize("release", CATALOG.releases)
def test_init_writes_the_branch_that_a_pool_without_one_gets(release: str) -> None:
    choices = choices_for(release)
    for name, gpu in GPUS.items():
        written = choices.with_branch(PoolDraft("p", 1, product=name, count=1), None, SYSTEM).branch
        if written is not None:
            assert written in usable_branches(gpu, choices.release, SYSTEM)


@pytest.mark.parametrize("release", CATALOG.releases)
@pytest.mark.parametrize("system", ["ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"])
def test_a_precompiled_driver_that_is_rendered_is_published(release: str, system: str) -> None:
    """Whatever branch a pool gets: it is rejected, or among those that the release lists as published for
    the system.
    """
    known = CATALOG.release(release)
    assert known
    published = known.driver.precompiled.value.get(system, ())
    rendered = 0
    for product in ("V100-SXM2-32GB", "H100-SXM5-80GB", "B200", "L4"):
        done = compiled(declared(release, [product], system=system, driver="{precompiled: true}"))
        if done.files is None:
            assert errors(done)
            continue
        [policy] = [text for name, text in done.files.items() if "clusterpolicy" in name]
        driver = yaml.safe_load(policy)["spec"]["driver"]
        assert driver["usePrecompiled"] is True
        assert driver["version"] in published
        rendered += 1
    assert rendered or not published


RELEASES = {name: known for name in CATALOG.releases if (known := CATALOG.release(name))}
PAIRS = [(name, system) for name, known in RELEASES.items() for system in known.operating_systems.value]


@pytest.mark.parametrize(("release", "system"), PAIRS)
def test_no_branch_without_an_image_for_the_system_is_ever_chosen(release: str, system: str) -> None:
    known = CATALOG.release(release)
    assert known
    missing = known.driver.unpublished.value.get(system, ()) if known.driver.unpublished else ()
    for gpu in (None, *GPUS.values()):
        usable = usable_branches(gpu, known, system)
        assert not set(usable) & set(missing)
        assert default_branch(gpu, known, system) in usable or not usable


def test_what_has_no_image_is_a_branch_and_a_system_of_the_release() -> None:
    for name in CATALOG.releases:
        known = CATALOG.release(name)
        assert known
        for system, branches in (known.driver.unpublished.value if known.driver.unpublished else {}).items():
            assert system in known.operating_systems.value
            assert set(branches) < set(known.driver.branches)


def test_a_product_of_which_every_branch_lacks_an_image_fits_no_driver() -> None:
    done = compiled(declared("2026.11", ["V100-SXM2-32GB"], system="ubuntu-26.04"))
    [found] = [each for each in done.diagnostics if each.severity is Severity.ERROR]
    assert found.code.id == "BP3163"
    assert "ubuntu-26.04" in found.message
    assert [note.message for note in found.notes] == ["operating system set here"]


@pytest.mark.parametrize("driver", ['{branch: "580"}', '{version: "580.173.02"}', '{branch: "535"}'])
def test_a_declared_branch_without_an_image_is_refused_unless_the_driver_is_provided_by_others(driver: str) -> None:
    done = compiled(declared("2026.11", ["L40S"], system="ubuntu-26.04", driver=driver))
    assert [found.split()[0] for found in errors(done)] == ["BP3400"]
    text = declared("2026.11", ["L40S"], system="ubuntu-26.04", driver=driver)
    theirs = text.replace("driver: {", "owner: {driver: host}, driver: {")
    assert errors(compiled(theirs)) == []


def test_the_branch_for_an_old_product_is_not_suggested_where_it_has_no_image() -> None:
    done = compiled(declared("2026.11", ["V100-SXM2-32GB"], system="ubuntu-26.04", driver='{branch: "595"}'))
    [found] = [each for each in done.diagnostics if each.severity is Severity.ERROR]
    assert found.code.id == "BP3160"
    assert "another operating system" in (found.help or "")
