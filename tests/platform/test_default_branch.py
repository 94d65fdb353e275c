"""The driver branch of a pool that names none is decided once: what is judged is what is rendered."""

from __future__ import annotations

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.cli.choices import choices_for
from blueprint.cli.draft import PoolDraft
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation
from blueprint.platform.drivers.branches import usable_branches
from tests.support.platforms import blueprint, compiled, pool

CATALOG = load_catalog()
GPUS = {name: gpu for name in CATALOG.products if (gpu := CATALOG.gpu(name))}


def declared(release: str, products: list[str], *, system: str = "ubuntu-24.04", driver: str = "{}") -> str:
    """A blueprint of one pool for each product."""
    pools = (
        pool(f"p{number}", f"driver: {driver}", product=product, count=2) for number, product in enumerate(products)
    )
    return blueprint(*pools, release=release, kubernetes="1.34", os=system)


def errors(done: Compilation) -> list[str]:
    return [f"{d.code.id} {d.path}: {d.message}" for d in done.diagnostics if d.severity is Severity.ERROR]


@pytest.mark.parametrize("release", CATALOG.releases)
def test_every_product_that_some_branch_knows_gets_a_branch_in_every_release(release: str) -> None:
    known = CATALOG.release(release)
    assert known
    usable = [name for name, gpu in GPUS.items() if usable_branches(gpu, known)]
    assert len(usable) > 50
    assert errors(compiled(declared(release, usable))) == []


@pytest.mark.parametrize("release", CATALOG.releases)
def test_init_writes_the_branch_that_a_pool_without_one_gets(release: str) -> None:
    choices = choices_for(release)
    for name, gpu in GPUS.items():
        written = choices.with_branch(PoolDraft("p", 1, product=name, count=1), None).branch
        if written is not None:
            assert written in usable_branches(gpu, choices.release)


@pytest.mark.parametrize("release", CATALOG.releases)
@pytest.mark.parametrize("system", ["ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"])
def test_a_precompiled_driver_that_is_rendered_is_published(release: str, system: str) -> None:
    """Whatever branch a pool gets: refused, or among what the release knows to be published for the system."""
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
