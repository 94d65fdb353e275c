"""The owners of drivers, toolkits and device plugins, and the objects for pools with different drivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation
from tests.support.platforms import H100, blueprint, compiled, pool

ROOT = Path(__file__).parents[2]


def of_pools(
    *, kubernetes: str = "1.36", cluster: str = "", pools: tuple[str, ...] = ("",), stack: str = ""
) -> Compilation:
    """A blueprint with H100 pools a, b, ... with these keys, compiled."""
    entries = [pool(name, H100, fields) for name, fields in zip("abc", pools, strict=False)]
    found = compiled(blueprint(*entries, kubernetes=kubernetes, cluster=cluster, stack=stack))
    assert found.bundle, found.diagnostics
    return found


def of_kind(found: Compilation, kind: str) -> dict[str, Any]:
    objects: list[Object] = list(found.bundle.objects) if found.bundle else []
    return {one.id.name: one.data["spec"] for one in objects if one.id.kind == kind}


def policy(found: Compilation) -> dict[str, Any]:
    [spec] = of_kind(found, "ClusterPolicy").values()
    return dict(spec)


def test_pools_that_agree_share_one_driver_in_the_cluster_policy() -> None:
    found = of_pools(pools=('driver: {branch: "580"}', 'driver: {branch: "580"}'))
    assert of_kind(found, "NVIDIADriver") == {}
    assert policy(found)["driver"]["version"] == "580.173.02"


def test_pools_that_differ_get_a_driver_each_and_no_node_two() -> None:
    pools = (
        'driver: {branch: "580", precompiled: true}',
        'driver: {version: "595.91.07"}',
        "owner: {driver: host}",
    )
    found = of_pools(pools=pools)
    drivers = of_kind(found, "NVIDIADriver")
    assert {name: (one["version"], one["usePrecompiled"]) for name, one in drivers.items()} == {
        "a": ("580", True), "b": ("595.91.07", False),
    }  # fmt: skip
    assert [one["nodeSelector"] for one in drivers.values()] == [
        {"gpublueprint.dev/pool": "a"}, {"gpublueprint.dev/pool": "b"},
    ]  # fmt: skip
    assert all(one["default"] is False and one["driverType"] == "gpu" for one in drivers.values())
    assert policy(found)["driver"]["useNvidiaDriverCRD"] is True
    refs = [image.ref for image in found.images if "/driver:" in image.ref]
    assert refs == ["nvcr.io/nvidia/driver:595.91.07-ubuntu24.04"]


def test_a_new_branch_changes_the_object_and_never_its_name() -> None:
    """Another name would remove the driver from nodes instead of replacing it node by node."""
    names = [
        list(of_kind(of_pools(pools=(f'driver: {{branch: "{branch}"}}', "")), "NVIDIADriver"))
        for branch in ("580", "610")
    ]
    assert names == [["a", "b"], ["a", "b"]]


MODES = [
    ("distribution: gke", "", (False, True, False)),
    ("distribution: gke", "owner: {driver: host}", (False, True, True)),
    ("distribution: gke, os: ubuntu-24.04", "", (True, True, True)),
    ("distribution: aks", "", (False, False, True)),
    ("distribution: aks", "owner: {driver: operator}", (True, True, True)),
    ("distribution: eks", "", (False, False, True)),
    ("distribution: eks, os: bottlerocket", "", (False, False, False)),
    ("distribution: rke2", "", (True, True, True)),
    ("", "owner: {toolkit: host}", (True, False, True)),
]


@pytest.mark.parametrize(("cluster", "pool", "runs"), MODES)
def test_the_node_image_determines_what_the_operator_installs(
    cluster: str, pool: str, runs: tuple[bool, bool, bool]
) -> None:
    spec = policy(of_pools(cluster=cluster, pools=(pool,)))
    assert tuple(spec[part]["enabled"] for part in ("driver", "toolkit", "devicePlugin")) == runs


def test_on_container_optimized_os_paths_variables_and_quotas_are_googles() -> None:
    found = of_pools(cluster="distribution: gke")
    spec = policy(found)
    assert spec["hostPaths"]["driverInstallDir"] == spec["toolkit"]["installDir"] == "/home/kubernetes/bin/nvidia"
    assert spec["toolkit"]["env"] == [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}]
    assert spec["migManager"]["env"] == [{"name": "WITH_REBOOT", "value": "true"}]
    quotas = [one for one in (found.bundle.objects if found.bundle else ()) if one.id.kind == "ResourceQuota"]
    assert {one.id.namespace for one in quotas} == {"gpu-operator", "node-feature-discovery"}
    assert all(one.data["spec"]["hard"] == {"pods": "1k"} for one in quotas)


def test_in_a_mixed_cluster_labels_keep_the_operator_away_from_what_others_bring() -> None:
    pools = ("", "owner: {driver: provider, devicePlugin: provider}")
    found = of_pools(pools=pools)
    assert found.platform
    one, two = ({key: value for key, value in pool.labels.items() if "deploy" in key} for pool in found.platform.pools)
    assert one == {}
    assert two == {
        f"nvidia.com/gpu.deploy.{part}": "false" for part in ("driver", "container-toolkit", "device-plugin")
    }


def test_standalone_leaves_the_device_plugin_to_the_cloud_that_runs_one() -> None:
    google = of_kind(of_pools(cluster="distribution: gke", stack="standalone"), "DaemonSet")
    own = of_kind(of_pools(stack="standalone"), "DaemonSet")
    assert set(google) == {"nfd-worker", "gpu-feature-discovery", "dcgm-exporter"}
    assert {"nvidia-device-plugin", "nvidia-device-plugin-mps-control-daemon"} <= set(own)
    assert own["dcgm-exporter"]["template"]["spec"]["tolerations"][-1]["key"] == "nvidia.com/gpu"


DISTRIBUTIONS = sorted(file.stem for file in (ROOT / "blueprint" / "catalog" / "distributions").glob("*.yaml"))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_has_a_usual_image_and_no_two_alike_modes(name: str) -> None:
    one = load_catalog().distribution(name)
    assert one.image(one.default_os)
    for image in one.images.values():
        alike = [(m.driver, m.toolkit, m.device_plugin, stack) for m in image.modes for stack in m.stacks]
        assert len(alike) == len(set(alike))


@pytest.mark.parametrize("file", sorted((ROOT / "overlays" / "clouds").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_overlay_of_a_cloud_compiles_without_findings_about_owners(file: Path) -> None:
    said = YAML(typ="safe").load(file.read_text("utf-8"))["spec"]["cluster"]
    cluster = ", ".join(f"{key}: {value}" for key, value in said.items())
    newest = "1.35" if said["distribution"] == "openshift" else "1.36"  # OpenShift 4.22
    assert not of_pools(kubernetes=newest, cluster=cluster).diagnostics


@pytest.mark.parametrize(
    ("system", "severity"),
    [
        ("rocky-9.7", None),
        ("rocky-9.6", Severity.WARNING),
        ("rhel-9.1", Severity.WARNING),
        ("rhel-9", Severity.ERROR),
        ("rocky-7.9", Severity.ERROR),
        ("ubuntu-24.10", Severity.ERROR),
    ],
)
def test_images_by_major_version_exist_for_every_minor(system: str, severity: Severity | None) -> None:
    text = blueprint(pool("a", H100), os=system)
    found = [each for each in compiled(text).diagnostics if each.code.id == "BP3003"]
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_no_image_is_missed_where_the_driver_is_of_ones_own() -> None:
    """The content of a private registry is unknown here."""
    patched = """
  components:
    gpu-operator:
      patches:
        - target: {kind: ClusterPolicy, name: cluster-policy}
          reason: ours
          merge: {spec: {driver: {version: 580.173.02%s}}}
"""
    for own, codes in (("", {"BP3400"}), (", image: our-driver", set[str]())):
        text = blueprint(pool("a", H100), os="ubuntu-26.04", spec=(patched % own).lstrip("\n"))
        assert {each.code.id for each in compiled(text).diagnostics} & {"BP3400"} == codes
