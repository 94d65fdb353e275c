"""A real API server accepts the predicted slices unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.platform.dra.slices import slices_of_node
from tests.platform.test_slices import CUT, predicted
from tests.support.platforms import H100

PATH = "/apis/resource.k8s.io/v1/resourceslices"


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        (H100, ""),
        (CUT, ""),
        (H100, "draFeatureGates: {DynamicMIG: true}"),
        ("gpu: {product: B200, count: 8}", "draFeatureGates: {DynamicMIG: true}"),
        ("gpu: {product: A100-SXM4-80GB, count: 8}", "draFeatureGates: {DynamicMIG: true}"),
        (H100, "draFeatureGates: {PassthroughSupport: true}"),
        (H100, "draFeatureGates: {ConsumableShares: true}, draEnv: {CONSUMABLE_SHARES: memory}"),
        (H100, 'draFeatureGates: {ConsumableShares: true}, draEnv: {CONSUMABLE_SHARES: "4"}'),
        ("gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}", ""),
    ],
    ids=["whole", "layout", "on-demand", "b200", "ampere", "passthrough", "memory", "shares", "domains"],
)
@pytest.mark.parametrize("synthetic", [False, True], ids=["known", "synthetic"])
def test_predicted_slices_are_valid(
    cluster: Connection, unique: str, fields: str, settings: str, *, synthetic: bool
) -> None:
    expected = slices_of_node(predicted(fields, settings=settings), unique, synthetic=synthetic)
    assert expected
    for each in expected:
        stored: dict[str, Any] = cluster.request("POST", PATH, each)
        assert stored["spec"] == each["spec"], "nothing is dropped, and every quantity is in the stored form"
