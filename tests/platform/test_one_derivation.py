"""Checks and rendering use the same values: checks read the resolved platform, not the blueprint again."""

from __future__ import annotations

import pytest

from tests.support.platforms import blueprint, codes_of, pool

H100, V100 = "product: H100-SXM5-80GB, count: 8", "product: V100-SXM2-32GB, count: 8"
SLICED = "sharing: {timeSlicing: {1g.10gb: 4}}"
UNIFORM, MIXED = "mig: {layout: [{profiles: {1g.10gb: 7}}]}", "mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}"
NEVER = "driverObjects: never"


def codes(a: str, b: str, settings: str = "", distribution: str = "") -> set[str]:
    """The codes of the findings for a blueprint with these two pools."""
    pools = (pool("a", f"gpu: {{{a}}}"), pool("b", f"gpu: {{{b}}}"))
    return codes_of(blueprint(*pools, os="ubuntu-24.04", distribution=distribution, settings=settings))


@pytest.mark.parametrize(
    ("a", "b", "refused"),
    [
        (f"{H100}, {UNIFORM}, {SLICED}", H100, True),
        (f"{H100}, {UNIFORM}, {SLICED}", f"{H100}, {MIXED}", False),
        (f"{H100}, {UNIFORM}, sharing: {{timeSlicing: {{gpu: 4}}}}", H100, False),
        (f"{H100}, {UNIFORM}, sharing: {{timeSlicing: {{gpu: 4}}}}", f"{H100}, {MIXED}", True),
    ],
)
def test_what_can_be_shared_follows_the_clusters_strategy(a: str, b: str, *, refused: bool) -> None:
    """With strategy single every instance is a gpu, even if no pool names the strategy."""
    assert ("BP3131" in codes(a, b)) is refused


@pytest.mark.parametrize(
    ("a", "b", "refused"),
    [
        (V100, H100, True),
        (H100, H100, False),
        (f'{H100}}}, driver: {{branch: "595"', H100, False),
        (f'{H100}}}, driver: {{branch: "580"', H100, True),
        (f"{H100}}}, driver: {{precompiled: true", H100, True),
    ],
)
def test_one_driver_for_all_must_be_the_driver_of_each(a: str, b: str, *, refused: bool) -> None:
    """Different defaults are two drivers, and an explicit default is the same as an implicit one."""
    assert ("BP3105" in codes(a, b, NEVER)) is refused


def test_a_warning_about_a_pool_hides_no_strategies_that_differ() -> None:
    a100 = "product: A100-SXM4-80GB, count: 8"
    single = "mig: {strategy: single, layout: [{profiles: {1g.10gb: 7}}]}"
    assert {"BP3128", "BP3133"} <= codes(f"{a100}, {single}", f"{a100}, {MIXED}", distribution="aks")


@pytest.mark.parametrize(
    ("network", "refused"), [("{fabric: infiniband, gpuDirect: peermem}", True), ("{fabric: infiniband}", False)]
)
def test_one_driver_for_all_has_the_same_modules_beside_it(network: str, *, refused: bool) -> None:
    """nvidia-peermem too: otherwise the first pool would decide for all whether it is loaded."""
    assert ("BP3322" in codes(H100, f"{H100}}}, network: {network[:-1]}", NEVER)) is refused


@pytest.mark.parametrize(("resource", "refused"), [("rdma/ib", True), ("rdma/roce", False), ("rdma/fast", False)])
def test_a_resource_that_follows_from_the_fabric_is_one_too(resource: str, *, refused: bool) -> None:
    """`rdma/ib` is what pods request in a pool with InfiniBand that names no resource."""
    networks = ("network: {fabric: infiniband}", f"network: {{fabric: roce, resource: {resource}}}")
    pools = (pool(name, f"gpu: {{{H100}}}", network) for name, network in zip("ab", networks, strict=True))
    assert ("BP3311" in codes_of(blueprint(*pools))) is refused


@pytest.mark.parametrize(("nodes", "found"), [("{min: 0, max: 4}", True), ("4", False)])
def test_an_alert_that_is_set_up_and_rendered_nowhere_is_found(nodes: str, *, found: bool) -> None:
    """An alert about missing nodes is impossible for a pool that may have none."""
    section = """
  observability:
    prometheus: {namespace: monitoring, selectorLabels: {release: prometheus}}
    alerts: {GpuNodesMissing: {for: 20m}}
"""
    text = blueprint(pool("train", f"gpu: {{{H100}}}", nodes=nodes), spec=section.lstrip("\n"))
    assert ("BP3251" in codes_of(text)) is found
