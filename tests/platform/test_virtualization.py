"""Nodes that run virtual machines: the operator's configuration, the prerequisites, and the resources for pods."""

from __future__ import annotations

import pytest

from blueprint.diagnostics import Severity
from blueprint.platform.expectations import expectations
from blueprint.platform.model import Platform
from blueprint.platform.prerequisites import prerequisites
from blueprint.render.images import pulled_images
from tests.support.platforms import H100, blueprint, diagnostics_of, pool, resolved


def declared(kubernetes: str = "1.36", settings: str = "") -> str:
    """A blueprint with nodes for containers, and nodes for virtual machines."""
    machines = (
        "    machines:\n"
        "      nodes: 2\n"
        "      selector: {nvidia.com/gpu.workload.config: vm-passthrough}\n"
        '      taints: {acme.example/machines: ":NoSchedule"}\n'
    )
    return blueprint(pool("train", H100), machines, kubernetes=kubernetes, settings=f"sandboxWorkloads: true{settings}")


def platform_of(kubernetes: str = "1.36", settings: str = "") -> Platform:
    found, diagnostics = resolved(declared(kubernetes, settings))
    assert found
    assert not diagnostics
    return found


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (("vm-passthrough", "container"), "BP3373"),
        (("sandboxWorkloads: true", "sandboxWorkloads: true, kataDevicePlugin: false"), "BP3374"),
    ],
)
def test_what_leaves_virtual_machines_without_nodes_or_gpus_is_warned_of(edit: tuple[str, str], code: str) -> None:
    [warning] = diagnostics_of(declared().replace(*edit))
    assert (warning.code.id, warning.severity) == (code, Severity.WARNING)
    assert (
        warning.path
        == f"spec.components.gpu-operator.settings.{'sandboxWorkloads' if code == 'BP3373' else 'kataDevicePlugin'}"
    )


def told(platform: Platform, scope: str) -> str:
    return "\n".join(one.what for one in prerequisites(platform) if one.scope == scope)


def test_operands_tolerate_the_taints_of_nodes_that_run_virtual_machines() -> None:
    """Otherwise nothing binds their GPUs, and this is not reported anywhere."""
    assert "acme.example/machines" in {taint.key for taint in platform_of().taints}


def test_nothing_is_expected_of_gpus_that_virtual_machines_have() -> None:
    assert {one.pool for one in expectations(platform_of())} == {"train"}


def test_requirements_of_kata_are_prerequisites_with_their_lines() -> None:
    platform = platform_of()
    for words in (
        "kata-deploy 3.29",
        "kata-qemu-nvidia-gpu-tdx",
        "runtimeRequestTimeout: 20m",
        "nvidia.com/cc.capable",
    ):
        assert words in told(platform, "cluster"), words
    for words in ("intel_iommu=on", "nouveau", "containerd", "nvidia.com/pgpu and nvidia.com/nvswitch"):
        assert words in told(platform, "machines"), words
    assert "IOMMU" not in told(platform, "train")
    [kata] = [one for one in prerequisites(platform) if "kata-deploy" in one.what]
    assert any(source.path.endswith("settings.sandboxWorkloads") for source in kata.sources)


@pytest.mark.parametrize(("kubernetes", "gate"), [("1.33", True), ("1.34", False), ("1.36", False)])
def test_older_kubelets_need_a_feature_gate(kubernetes: str, *, gate: bool) -> None:
    assert ("KubeletPodResourcesGet=true" in told(platform_of(kubernetes), "cluster")) is gate


def test_the_message_for_a_missing_part_names_the_alternative() -> None:
    platform = platform_of(settings=", vfioManager: false, ccManager: false")
    assert "binds the GPUs to vfio-pci" in told(platform, "machines")
    assert "cc." not in told(platform, "cluster")
    off = platform_of(settings=', ccMode: "off"')
    assert "cc.capable" not in told(off, "cluster")


def test_aliases_name_what_workloads_request() -> None:
    said = ', kataDevicePluginEnv: {P_GPU_ALIAS: big, NVSWITCH_ALIAS: ""}'
    assert "nvidia.com/big and the resource that is named after the device's model" in told(
        platform_of(settings=said), "machines"
    )


def test_images_of_virtual_machines_are_listed_where_they_are_pulled() -> None:
    def names(settings: str = "") -> set[str]:
        pulled = pulled_images(platform_of(settings=settings), [])
        return {image.ref.rpartition("/")[2].partition(":")[0] for image in pulled}

    ours = {"k8s-cc-manager", "nvidia-sandbox-device-plugin", "k8s-driver-manager"}
    assert ours <= names()
    assert "k8s-cc-manager" not in names(", ccManager: false")
