"""What the language cannot express, shown by the rendered objects. docs/reference/rules.md refers to these tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.platforms import DECLARED_STACK

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/blueprint.yaml"))
GOOD = Path(__file__).parents[1] / "bad_input" / "good"
_DONE: dict[tuple[str, tuple[str, ...]], Compilation] = {}


def compiled(target: Path, *sets: str) -> Compilation:
    """The blueprint with values set, without errors."""
    key = (str(target), sets)
    if key not in _DONE:
        done = compile_blueprint(os.path.relpath(target), sets=sets)
        assert done.bundle is not None, [each.message for each in done.diagnostics]
        _DONE[key] = done
    return _DONE[key]


def objects(done: Compilation) -> list[dict[str, Any]]:
    assert done.bundle
    return [each.data for each in done.bundle.objects]


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar, except those inside containers, which have names of their own."""
    inside = {key: part for key, part in value.items() if key != "mountPath"} if isinstance(value, dict) else {}
    parts = inside.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if parts is None:
        yield value
    else:
        for part in parts:
            yield from leaves(part)


CONSTANT = "/var/lib/kubelet/device-plugins"
"""Compiled into the kubelet and into device plugins: `--root-dir` does not move it (kubernetes/kubernetes#120626)."""


@pytest.mark.parametrize("stack", ["clusterPolicy", "standalone"])
def test_every_directory_of_the_kubelet_follows_from_one_key(stack: str, tmp_path: Path) -> None:
    text = f"""
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: elsewhere}}
spec:
  release: "2026.11"
  {DECLARED_STACK[stack]}
  cluster: {{kubernetes: "1.36", kubeletRoot: /mnt/kubelet}}
  nodePools:
    train: {{nodes: 1, selector: {{pool: train}}, gpu: {{product: H100-SXM5-80GB, count: 8}}}}
"""
    (tmp_path / "blueprint.yaml").write_text(text)
    rendered_objects = objects(compiled(tmp_path / "blueprint.yaml"))
    no_definitions = [each for each in rendered_objects if each["kind"] != "CustomResourceDefinition"]
    told = [each for each in leaves(no_definitions) if isinstance(each, str)]
    rendered = [each for each in told if "kubelet" in each and each.startswith("/")]
    assert rendered
    assert {each for each in rendered if each.startswith("/var/lib/kubelet")} <= {CONSTANT}


def test_other_content_has_another_name(tmp_path: Path) -> None:
    """Operator, MIG manager and plugin react only to names."""
    names = []
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    for count in (7, 6):
        done = compiled(
            tmp_path / "blueprint.yaml", f'spec.nodePools.train.gpu.mig.layout=[{{"profiles": {{"1g.10gb": {count}}}}}]'
        )
        policy = next(each for each in objects(done) if each["kind"] == "ClusterPolicy")
        assert done.bundle
        labels = next(each.labels for each in done.bundle.pools if each.name == "train")
        names.append((policy["spec"]["migManager"]["config"]["name"], labels["nvidia.com/mig.config"]))
    assert names[0][0] != names[1][0]
    assert names[0][1] != names[1][1]


PLAIN = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: plain}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  nodePools:
    train: {nodes: 1, selector: {pool: train}, gpu: {product: L4, count: 1}}
"""


@pytest.mark.parametrize(
    ("stack", "setting", "reader"),
    [
        ("clusterPolicy", "gpu-operator.settings.exporterCounters", "ClusterPolicy"),
        ("gpuCluster", "gpu-operator.settings.exporterCounters", "GPUCluster"),
        ("standalone", "dcgm-exporter.settings.counters", "DaemonSet"),
    ],
)
def test_other_counters_have_another_name(stack: str, setting: str, reader: str, tmp_path: Path) -> None:
    """An exporter reads its list when it starts, and changed content alone does not restart it."""
    (tmp_path / "blueprint.yaml").write_text(PLAIN)
    names = set()
    for field in ("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_TEMP"):
        counters = f'spec.components.{setting}="{field}, gauge, help"'
        done = compiled(tmp_path / "blueprint.yaml", "spec." + DECLARED_STACK[stack].replace(": ", "="), counters)
        maps = [each for each in objects(done) if each["kind"] == "ConfigMap"]
        [name] = [each["metadata"]["name"] for each in maps if field in str(each["data"])]
        assert name in {leaf for each in objects(done) if each["kind"] == reader for leaf in leaves(each)}
        names.add(name)
    assert len(names) == 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_labels_name_existing_configurations(example: Path) -> None:
    done = compiled(example)
    assert done.bundle
    maps = [each["data"] for each in objects(done) if each["kind"] == "ConfigMap"]
    layouts = {
        name
        for data in maps
        if "mig-configs" in data.get("config.yaml", "")
        for name in yaml.safe_load(data["config.yaml"])["mig-configs"]
    }
    keys = {key for data in maps for key in data}
    for pool in done.bundle.pools:
        assert pool.labels.get("nvidia.com/mig.config", "all-disabled") in layouts | {"all-disabled"}
        assert pool.labels.get("nvidia.com/device-plugin.config", "default") in keys | {"default"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_definitions_come_before_what_they_define(example: Path) -> None:
    seen: set[str] = set()
    late = {
        each["spec"]["names"]["kind"]
        for each in objects(compiled(example))
        if each["kind"] == "CustomResourceDefinition"
    }
    for each in objects(compiled(example)):
        if each["kind"] == "CustomResourceDefinition":
            seen.add(each["spec"]["names"]["kind"])
        assert each["kind"] not in late - seen, each["metadata"]["name"]
    assert seen == late  # none if the Operator Lifecycle Manager installs them


def test_discovery_brings_no_network_policy() -> None:
    for example in EXAMPLES:
        done = compiled(example)
        assert done.bundle
        assert not [o for o in done.bundle.objects if o.component == "nfd" and o.id.kind == "NetworkPolicy"]


def test_the_exporter_may_profile() -> None:
    """In the standalone stack the exporter is ours; the operator's own exporter has the permission by default."""
    found = [
        container
        for example in EXAMPLES
        for each in objects(compiled(example))
        if each["kind"] == "DaemonSet" and "exporter" in each["metadata"]["name"]
        for container in each["spec"]["template"]["spec"]["containers"]
    ]
    assert found
    contexts = [each["securityContext"] for each in found]
    assert all(each.get("privileged") or "SYS_ADMIN" in each["capabilities"]["add"] for each in contexts)


def test_no_component_lives_in_default() -> None:
    catalog = load_catalog()
    names = {name for release in catalog.releases for name in catalog.release(release).components}  # type: ignore[union-attr]
    assert len(names) > 4
    assert not [name for name in names if catalog.component(name).namespace in ("default", "")]  # type: ignore[union-attr]


def test_a_gpucluster_always_has_objects_for_its_drivers(tmp_path: Path) -> None:
    (tmp_path / "blueprint.yaml").write_text("""
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: claims}
spec:
  release: "2026.11"
  allocation: dra
  cluster: {kubernetes: "1.36"}
  nodePools:
    train: {nodes: 1, selector: {pool: train}, gpu: {product: H100-SXM5-80GB, count: 8}, owner: {driver: operator}}
""")
    kinds = {each["kind"] for each in objects(compiled(tmp_path / "blueprint.yaml"))}
    assert {"GPUCluster", "NVIDIADriver"} <= kinds
    assert "ClusterPolicy" not in kinds


def test_a_quota_beside_the_stack_is_reported(tmp_path: Path) -> None:
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    (tmp_path / "extra" / "quota.yaml").write_text("""
apiVersion: v1
kind: ResourceQuota
metadata: {name: mine, namespace: gpu-operator}
spec: {hard: {pods: "10"}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: mine, namespace: default}
spec: {hard: {pods: "10"}}
""")
    told = [each for each in compiled(tmp_path / "blueprint.yaml").diagnostics if each.code.id == "BP6131"]
    assert [each.subject for each in told] == ["ResourceQuota/gpu-operator/mine"]


def test_partitioning_on_demand_is_doubtful_on_ampere(tmp_path: Path) -> None:
    text = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: claims}
spec:
  release: "2026.11"
  allocation: dra
  cluster: {kubernetes: "1.36"}
  nodePools:
    train: {nodes: 1, selector: {pool: train}, gpu: {product: PRODUCT, count: 8}}
  components: {gpu-operator: {settings: {draFeatureGates: {DynamicMIG: true}}}}
"""
    codes = []
    for product in ("A100-SXM4-80GB", "H100-SXM5-80GB"):
        (tmp_path / "blueprint.yaml").write_text(text.replace("PRODUCT", product))
        codes.append(
            {each.code.id for each in compile_blueprint(os.path.relpath(tmp_path / "blueprint.yaml")).diagnostics}
        )
    assert "BP3361" in codes[0]
    assert "BP3361" not in codes[1]
