"""Whether nodes offer GPUs as a counted resource: not if pods claim them, but also with devices of compute domains."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.drift.capacity import offers_resources
from blueprint.pipeline import compile_blueprint

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("example", "offered"), [("gb200-domains", True), ("gke-dra", False), ("dra-pilot", False), ("h100-training", True)]
)
def test_gpus_are_offered_where_no_driver_lets_pods_claim_them(example: str, offered: bool) -> None:
    bundle = compile_blueprint(str(EXAMPLES / example / "blueprint.yaml")).valid_bundle()
    with_gpus = [pool for pool in bundle.pools if pool.resources]
    assert with_gpus
    assert {offers_resources(bundle, pool) for pool in with_gpus} == {offered}


def test_where_pools_differ_those_with_a_device_plugin_offer_theirs() -> None:
    bundle = compile_blueprint(str(EXAMPLES / "dra-beside-device-plugin" / "blueprint.yaml")).valid_bundle()
    offered = {pool.name: offers_resources(bundle, pool) for pool in bundle.pools if pool.resources}
    assert offered == {"train": True, "notebooks": True, "research": False, "slices": False}
