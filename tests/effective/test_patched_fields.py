"""Patches of fields on which pools depend: contradictions of a pool are reported at their line,
restatements are not.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.bundle.model import Object
from blueprint.pipeline import Compilation
from tests.support.platforms import compiled

POOLS = {
    "whole": "gpu: {product: L40S, count: 4}",
    "mig": "gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}}",
    "mps": "gpu: {product: L40S, count: 4, sharing: {mps: 4}}",
    "b200": "gpu: {product: B200, count: 8}",
    "v100": "gpu: {product: V100-SXM2-32GB, count: 8}",
    "h100": "gpu: {product: H100-SXM5-80GB, count: 8}",
    "fabric": "gpu: {product: H100-SXM5-80GB, count: 8}, "
    "network: {fabric: infiniband, nics: 8, gpuDirect: peermem, gds: true, gdrcopy: true}",
    "dmabuf": "gpu: {product: H100-SXM5-80GB, count: 8}, network: {fabric: infiniband, nics: 8}",
    "host": "gpu: {product: L40S, count: 4}, owner: {driver: host}",
}
CONTRADICTIONS: list[tuple[str, str, Any, str]] = [
    ("b200", "driver.kernelModuleType", "proprietary", "BP3104"),
    ("dmabuf", "driver.kernelModuleType", "proprietary", "BP3316"),
    ("v100", "driver.version", "595.91.07", "BP3160"),
    ("v100", "driver.kernelModuleType", "open", "BP3104"),
    ("h100", "driver.version", "550.54.15", "BP3102"),
    ("b200", "driver.version", "535.309.01", "BP3103"),
    ("h100", "driver.version", "580.1.2", "BP3112"),
    ("h100", "driver.usePrecompiled", True, "BP6042"),
    ("whole", "driver.enabled", False, "BP6480"),
    ("host", "driver.enabled", True, "BP6481"),
    ("whole", "toolkit.enabled", False, "BP6480"),
    ("whole", "devicePlugin.enabled", False, "BP6480"),
    ("whole", "cdi.enabled", False, "BP6484"),
    ("whole", "sandboxWorkloads", {"enabled": True, "defaultWorkload": "vm-vgpu"}, "BP6483"),
    ("mig", "mig.strategy", "none", "BP6482"),
    ("mig", "mig.strategy", "single", "BP6482"),
    ("mig", "migManager.enabled", False, "BP6480"),
    ("mig", "migManager.config.name", None, "BP6485"),
    ("mig", "gfd.enabled", False, "BP6480"),
    ("mps", "gfd.enabled", False, "BP6480"),
    ("mps", "devicePlugin.config", None, "BP6485"),
    ("fabric", "gds.enabled", False, "BP6480"),
    ("fabric", "gdrcopy.enabled", False, "BP6480"),
    ("fabric", "driver.rdma.enabled", False, "BP6480"),
]
HARMLESS = [
    ("whole", "gfd.enabled", False),
    ("whole", "mig.strategy", "none"),
    ("whole", "migManager.enabled", False),
    ("whole", "gds.enabled", True),
    ("host", "toolkit.resources", {"limits": {"cpu": "1"}}),
    ("h100", "driver.version", "580.173.02"),
    ("h100", "driver.kernelModuleType", "open"),
    ("h100", "sandboxWorkloads", {"enabled": True, "defaultWorkload": "container"}),
]


def blueprint(pool: str, patches: list[tuple[str, Any]], *, more: str = "", options: str = "") -> str:
    """A blueprint with one pool, and a patch of the ClusterPolicy for each field; each on a line of its own."""
    lines = [
        "apiVersion: gpublueprint.dev/v1alpha2",
        "kind: Blueprint",
        "metadata: {name: test}",
        "spec:",
        '  release: "2026.11"',
        '  cluster: {kubernetes: "1.36.3", os: ubuntu-24.04}',
        f"  nodePools: {{gpu: {{nodes: 2, selector: {{acme.example/pool: gpu}}, {POOLS[pool]}}}}}",
        "  components:",
        *(["    network-operator: {ownership: external}"] if "network" in POOLS[pool] else []),
        "    gpu-operator:",
        f"      settings: {{{options}}}",
    ]
    lines += ["      patches:"] if patches else []
    for path, value in patches:
        merge = {"spec": nested(path.split("."), value)}
        target = "target: {kind: ClusterPolicy, name: cluster-policy}"
        lines.append(f"        - {{{target}, reason: test, merge: {json.dumps(merge)}}}")
    return "\n".join([*lines, more, ""])


def nested(steps: list[str], value: Any) -> Any:
    for step in reversed(steps):
        value = {step: value}
    return value


def codes(found: Compilation) -> set[str]:
    return {each.code.id for each in found.diagnostics}


def policy(found: Compilation) -> Object:
    assert found.bundle is not None, found.diagnostics
    return next(each for each in found.bundle.objects if each.id.kind == "ClusterPolicy")


def value_of(found: Compilation, path: str) -> Any:
    value: Any = policy(found).data["spec"]
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


@pytest.mark.parametrize(("pool", "path", "value", "code"), CONTRADICTIONS)
def test_a_patch_that_contradicts_a_pool_is_found_at_its_line(pool: str, path: str, value: Any, code: str) -> None:
    text = blueprint(pool, [(path, value)])
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "merge:" in each)
    before, found = compiled(blueprint(pool, [])), compiled(text)
    assert code not in codes(before)
    places = [each.at for each in found.diagnostics if each.code.id == code]
    assert len(places) == 1, found.diagnostics
    assert places[0] is not None
    assert places[0].line == line


@pytest.mark.parametrize(("pool", "path", "value"), HARMLESS)
def test_a_patch_of_what_no_pool_depends_on_is_not_found(pool: str, path: str, value: Any) -> None:
    assert codes(compiled(blueprint(pool, [(path, value)]))) == codes(compiled(blueprint(pool, [])))


@pytest.mark.parametrize("pool", POOLS)
def test_patches_that_restate_are_not_found(pool: str) -> None:
    before = compiled(blueprint(pool, []))
    paths = sorted({path for each, path, *_ in CONTRADICTIONS if each == pool})
    values = [(path, value) for path in paths if (value := value_of(before, path)) is not None]
    after = compiled(blueprint(pool, values))
    assert codes(after) - {"BP4006"} == codes(before), after.diagnostics
    assert after.bundle is not None
    assert before.bundle is not None
    assert {each.ref for each in after.images} == {each.ref for each in before.images}
    assert {(each.check, str(each.parameters)) for each in after.bundle.expectations} == {
        (each.check, str(each.parameters)) for each in before.bundle.expectations
    }


PLAIN = ("toolkit", "devicePlugin", "gfd", "dcgmExporter", "migManager")
OPERANDS = {"driver": "-ubuntu24.04"} | dict.fromkeys(PLAIN, "")


@given(
    st.lists(st.sampled_from(sorted(OPERANDS)), min_size=1, unique=True),
    st.from_regex(r"580\.[1-9][0-9]{1,2}\.[0-9]{2}", fullmatch=True),
    st.sampled_from([None, "registry.acme.example/gpu"]),
)
@settings(max_examples=6, deadline=None)
def test_images_and_expectations_follow_the_patched_object(
    operands: list[str], version: str, repository: str | None
) -> None:
    changes = {"version": version, **({"repository": repository} if repository else {})}
    found = compiled(blueprint("h100", [(operand, changes) for operand in operands]))
    assert found.bundle is not None, found.diagnostics
    refs = {each.ref for each in found.images}
    for operand, suffix in OPERANDS.items():
        section = value_of(found, operand)
        assert f"{section['repository']}/{section['image']}:{section['version']}{suffix}" in refs
    expected = next(each for each in found.bundle.expectations if each.check == "driver-version")
    assert str(value_of(found, "driver.version")) in str(expected.parameters)


def test_the_driver_of_guests_with_virtual_gpus_promises_no_product_and_no_public_image() -> None:
    driver = {"repository": "registry.acme.example/nvidia", "image": "vgpu-guest-driver", "version": "580.95.05"}
    found = compiled(blueprint("whole", [("driver", driver)]))
    assert found.bundle is not None, found.diagnostics
    assert "registry.acme.example/nvidia/vgpu-guest-driver:580.95.05-ubuntu24.04" in {e.ref for e in found.images}
    assert not any(each.ref.startswith("nvcr.io/nvidia/driver:") for each in found.images)
    assert not {"gpu-product", "gpu-memory"} & {each.check for each in found.bundle.expectations}
    assert found.files is not None
    assert b"vgpu-guest-driver, version 580.95.05," in found.files["prerequisites.md"]


def test_an_own_driver_for_nodes_by_unknown_labels_leaves_the_version_open() -> None:
    own = """\
apiVersion: nvidia.com/v1alpha1
kind: NVIDIADriver
metadata: {name: mine}
spec:
  driverType: gpu
  default: false
  image: driver
  repository: nvcr.io/nvidia
  version: 580.173.02
  nodeSelector: {SELECTOR}
"""
    text = blueprint("whole", [], options="driverObjects: always", more="  extraManifests: [own.yaml]")
    found = compiled(text, files={"own.yaml": own.replace("SELECTOR", 'feature.example/kernel: "5.15"')})
    assert found.bundle is not None, found.diagnostics
    assert "driver-version" not in {each.check for each in found.bundle.expectations}
