"""Values derived from machines: GPUs, processors, memory; and from the locations of nodes."""

from __future__ import annotations

import pytest

from blueprint.bundle.model import BundlePool
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.machines import Machine
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation
from tests.support.platforms import blueprint, compiled, pool

LEVELS = "topology: [acme.example/block, acme.example/rack, kubernetes.io/hostname]"


def declared(*fields: str, sets: tuple[str, ...] = ()) -> Compilation:
    """A blueprint with one pool with these keys, compiled."""
    return compiled(blueprint(pool("gpu", *fields, nodes=None), cluster=LEVELS), sets=sets)


def pool_of(compilation: Compilation) -> BundlePool:
    assert compilation.bundle, [found.message for found in compilation.diagnostics]
    return compilation.bundle.pools[0]


def told(compilation: Compilation) -> dict[str, Severity]:
    return {found.code.id: found.severity for found in compilation.diagnostics}


def needs(compilation: Compilation) -> str:
    assert compilation.files
    return compilation.files["prerequisites.md"].decode()


def test_gpus_follow_from_the_instance_type_and_both_lines_are_known() -> None:
    pool = pool_of(declared("nodes: 2", "machine: {instanceType: p5.48xlarge}"))

    assert (pool.gpu_product, pool.gpu_count) == ("H100-SXM5-80GB", 8)
    assert pool.machine == {"instanceType": "p5.48xlarge", "arch": "amd64", "cpu": "192", "memory": "2Ti"}
    cited = {(source.span.file, source.path) for source in pool.sources["gpu"]}
    assert ("blueprint.yaml", "spec.nodePools.gpu.machine.instanceType") in cited
    assert ("catalog/machines/aws.yaml", 'types["p5.48xlarge"].product') in cited
    assert ("catalog/machines/aws.yaml", 'types["p5.48xlarge"].gpus') in cited


def test_values_in_the_blueprint_are_used_if_they_agree() -> None:
    done = declared(
        "nodes: 2",
        "machine: {instanceType: p5.48xlarge, cpu: 192, memory: 1900Gi}",
        "gpu: {product: H100-SXM5-80GB, count: 8}",
    )
    assert told(done) == {}
    pool = pool_of(done)
    assert pool.machine["memory"] == "1900Gi"
    assert all(source.layer != "hardware" for source in pool.sources["gpu"])


def test_half_of_the_gpu_may_be_left_to_the_machine() -> None:
    pool = pool_of(declared("nodes: 2", "machine: {instanceType: p5.48xlarge}", "gpu: {product: H100-SXM5-80GB}"))
    assert pool.gpu_count == 8


def test_an_unverified_value_of_the_catalogue_only_warns() -> None:
    """NC40ads is generally assumed to have the H100 NVL; this is not verified."""
    machine = "machine: {instanceType: Standard_NC40ads_H100_v5}"
    other = declared("nodes: 2", machine, "gpu: {product: H100-PCIe-80GB, count: 1}")
    assert told(other) == {"BP3151": Severity.WARNING}
    assert pool_of(other).gpu_product == "H100-PCIe-80GB"
    left = declared("nodes: 2", machine)
    assert told(left) == {"BP3154": Severity.WARNING}
    assert pool_of(left).gpu_product == "H100-NVL-94GB"


def test_a_fraction_that_is_declared_whole_warns() -> None:
    done = declared("nodes: 1", "machine: {instanceType: Standard_NC8ads_A10_v4}", "gpu: {product: A10, count: 1}")
    assert told(done)["BP3156"] is Severity.WARNING


def test_a_machine_without_gpus_is_a_pool_of_processors() -> None:
    done = declared("nodes: 1", "machine: {arch: arm64, cpu: 64, memory: 2048Gi}")
    assert pool_of(done).gpu_product is None
    assert pool_of(done).machine == {"arch": "arm64", "cpu": "64", "memory": "2Ti"}
    assert "- [ ] Each node has 64 arm64 processors and 2Ti of memory." in needs(done)
    assert pool_of(done).topology == {}


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        (("gpu: {product: H100-SXM5-80GB, count: 8}", "machine: {instanceType: p5.48xlrge}"), Severity.WARNING),
        (("machine: {instanceType: m7i.4xlarge, cpu: 16, memory: 64Gi}",), Severity.WARNING),
        (("gpu: {product: H100-SXM5-80GB}", "machine: {instanceType: p5.48xlrge}"), Severity.ERROR),
        (("machine: {instanceType: m7i.4xlarge, cpu: 16}",), Severity.ERROR),
    ],
)
def test_an_unknown_instance_type_is_an_error_only_if_something_is_derived_from_it(
    lines: tuple[str, ...], severity: Severity
) -> None:
    """Other clouds have machines too; the user is then responsible for the name, and the nearest spelling
    is offered.
    """
    done = declared("nodes: 2", *lines)
    assert told(done) == {"BP3150": severity}
    [found] = done.diagnostics
    if "p5" in lines[-1]:
        assert found.fix
        assert found.fix.replacement == "p5.48xlarge"
    if severity is Severity.WARNING:
        said = pool_of(done)
        assert (said.gpu_count or 0) == (8 if "gpu" in lines[0] else 0)
        assert said.machine["instanceType"] in lines[-1]


def test_grace_decides_the_processor() -> None:
    pool = pool_of(declared("nodes: 2", "gpu: {product: GB200, count: 4}"))
    assert pool.machine == {"arch": "arm64"}
    cited = {(source.span.file, source.path) for source in pool.sources["machine"]}
    assert ("blueprint.yaml", "spec.nodePools.gpu.gpu.product") in cited
    assert ("catalog/hardware/GB200.yaml", "hostArch") in cited


def test_nodes_with_gpus_carry_every_level_and_sizes_are_the_pools() -> None:
    done = declared("nodes: 16", "gpu: {product: L4, count: 1}", "topology: {acme.example/rack: 8}")
    assert pool_of(done).topology == {"acme.example/block": 0, "acme.example/rack": 8}
    assert "acme.example/rack, whose value names its domain; each domain has 8 nodes of this pool" in needs(done)


def test_an_nvlink_domain_is_a_place_too_and_an_expectation() -> None:
    done = declared("nodes: 36", "gpu: {product: GB200, count: 4}", "nvlinkDomain: {nodes: 18}")
    assert pool_of(done).topology["nvidia.com/gpu.clique"] == 18
    assert done.bundle
    [expected] = [each for each in done.bundle.expectations if each.check == "nvlink-domain"]
    assert expected.parameters == {"nodes": 18, "label": "nvidia.com/gpu.clique"}
    assert "switch trays" in needs(done)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("nodes: 9", "gpu: {product: L4, count: 1}", "topology: {acme.example/rack: 4}"), "BP3173"),
        (("nodes: 20", "gpu: {product: GB200, count: 4}", "nvlinkDomain: {nodes: 18}"), "BP3176"),
        (("nodes: 4", "gpu: {product: H200-SXM-141GB, count: 8}", "nvlinkDomain: {nodes: 2}"), "BP3175"),
    ],
)
def test_what_is_odd_or_not_certainly_wrong_is_a_warning(lines: tuple[str, ...], code: str) -> None:
    """That an HGX board's NVLink ends at the node is general knowledge: that causes no error."""
    done = declared(*lines)
    assert told(done) == {code: Severity.WARNING}
    assert done.bundle


def test_the_kubelet_is_expected_and_demanded() -> None:
    done = declared("nodes: 1", "gpu: {product: L4, count: 1}", "kubelet: {topologyManager: restricted}")
    assert done.bundle
    [expected] = [each for each in done.bundle.expectations if each.check == "kubelet"]
    assert expected.parameters == {"topologyManagerPolicy": "restricted"}
    assert expected.sources[0].path == "spec.nodePools.gpu.kubelet.topologyManager"
    assert "topologyManagerPolicy: restricted" in needs(done)


CATALOG = load_catalog()
VIRTUAL = [
    machine for cloud in CATALOG.clouds for name in cloud.types if (machine := cloud.machine(name)) and machine.vgpu
]


def test_a_fraction_is_always_a_vgpu() -> None:
    """Otherwise a whole GPU would be expected."""
    assert len(VIRTUAL) > 10
    for cloud in CATALOG.clouds:
        for name in cloud.types:
            machine = cloud.machine(name)
            assert machine
            assert machine.vgpu or machine.gpus or not machine.product, name


@pytest.mark.parametrize("machine", VIRTUAL, ids=lambda machine: machine.name)
def test_what_is_expected_of_a_vgpu_is_what_is_known_of_it(machine: Machine) -> None:
    """Its name contains its size, and its memory is that size, not the whole GPU's; unknown facts are not expected."""
    assert machine.product
    count = machine.gpus.value if machine.gpus else 1
    distribution = machine.cloud.distributions[0]
    done = declared(
        "nodes: 1", f"machine: {{instanceType: {machine.name}}}",
        f"gpu: {{product: {machine.product.value}, count: {count}}}", sets=(f"spec.cluster.distribution={distribution}",
                                                                          "spec.cluster.kubernetes='1.35'"),
    )  # fmt: skip
    assert done.bundle, [found.message for found in done.diagnostics]
    wants = {each.check: each for each in done.bundle.expectations}
    whole = CATALOG.gpu(machine.product.value)
    assert whole
    named = wants["gpu-product"].parameters
    assert named["pciDeviceIds"] == list(whole.device_ids)
    assert not set(named["nvmlNames"]) & set(whole.nvml_names.value)
    assert "mig-mode" not in wants
    if machine.vgpu_mib is None:
        assert "gpu-memory" not in wants
        return
    size = round(machine.vgpu_mib.value * 2**20 / 10**9)
    assert f"{whole.nvml_names.value[0]}-{size}Q" in named["nvmlNames"]
    memory = wants["gpu-memory"].parameters
    assert whole.memory_mib
    assert memory["mib"] + memory["toleranceMib"] < whole.memory_mib.value
    for shown in (machine.vgpu_mib.value, size * 1024, size * 1000):  # as clouds count, as profiles do, and between
        assert abs(memory["mib"] - shown) <= memory["toleranceMib"]
    assert "vgpuMib" in {source.path.rpartition(".")[2] for source in wants["gpu-memory"].sources}


def test_ports_that_manage_nvlink_are_not_silently_allocated_to_pods() -> None:
    def codes(*lines: str) -> dict[str, Severity]:
        return told(declared("nodes: 2", *lines))

    b200 = "gpu: {product: B200, count: 8}"
    assert codes(b200, "network: {fabric: infiniband, nics: 8}") == {"BP3177": Severity.WARNING}
    assert "BP3177" not in codes(b200, "network: {fabric: roce, nics: 8}")
    assert "BP3177" not in codes(b200, "network: {fabric: infiniband, nics: 8, driver: provider}")
    h100 = "gpu: {product: H100-SXM5-80GB, count: 8}"
    assert codes(h100, "network: {fabric: infiniband, nics: 8}") == {}


def test_a_finding_about_the_product_points_at_the_instance_type_that_has_it() -> None:
    """The `gpu` section of the pool names no product."""
    gpu = 'gpu: {mig: {layout: [{profiles: {"1g.5gb": 7}}]}}'
    done = declared("nodes: 2", "machine: {instanceType: Standard_NC24ads_A100_v4}", gpu)
    [wrong] = [found for found in done.diagnostics if found.code.id == "BP3121"]
    [note] = [note for note in wrong.notes if note.at]
    assert note.message == "this instance type has the product"
    assert (
        done.layered.texts["blueprint.yaml"]
        .splitlines()[note.at.line - 1][note.at.column - 1 :]
        .startswith("Standard_NC24")
    )
