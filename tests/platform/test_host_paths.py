"""The paths of the host that rendered pods use: the kubelet's directories, and NVIDIA's container runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.platforms import DECLARED_STACK

TEXT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: host}}
spec:
  release: "{release}"
  {stack}
  cluster: {{kubernetes: "1.34"{cluster}}}
  nodePools:
    a: {{nodes: 1, selector: {{pool: a}}, {pool}}}
{more}"""
HOST = "gpu: {product: L40S, count: 1}, owner: {driver: host, toolkit: host}"
OPERATOR = "gpu: {product: A100-PCIe-80GB, count: 1}, owner: {driver: operator}"
DEVICE_PLUGINS = "/var/lib/kubelet/device-plugins"
every_release = pytest.mark.parametrize("release", load_catalog().releases)


def compiled(
    folder: Path, cluster: str, pool: str, *, stack: str = "standalone", release: str = "2026.11", more: str = ""
) -> Compilation:
    file = folder / "b.yaml"
    file.write_text(
        TEXT.format(cluster=cluster, pool=pool, stack=DECLARED_STACK[stack], release=release, more=more), "utf-8"
    )
    return compile_blueprint(str(file))


def daemon_sets(done: Compilation) -> dict[str, dict[str, Any]]:
    assert done.bundle, done.diagnostics
    sets = (each for each in done.bundle.objects if each.id.kind == "DaemonSet")
    return {each.id.name: each.data["spec"]["template"]["spec"] for each in sets}


def needs(done: Compilation) -> str:
    assert done.files, done.diagnostics
    return done.files["prerequisites.md"].decode()


def reached(pod: dict[str, Any], name: str) -> set[str]:
    """The paths of a volume on the host and in containers."""
    inside = [each for container in pod["containers"] for each in container.get("volumeMounts", ())]
    on_host = {each["hostPath"]["path"].rstrip("/") for each in pod["volumes"] if each["name"] == name}
    return on_host | {each["mountPath"].rstrip("/") for each in inside if each["name"] == name}


@every_release
def test_another_kubelet_root_moves_pod_resources_and_not_the_device_plugins(release: str, tmp_path: Path) -> None:
    pods = daemon_sets(compiled(tmp_path, ", kubeletRoot: /data/kubelet", HOST, release=release))
    assert reached(pods["nvidia-device-plugin"], "kubelet-device-plugins-dir") == {DEVICE_PLUGINS}
    assert "/data/kubelet/pod-resources" in reached(pods["dcgm-exporter"], "pod-gpu-resources")


def test_another_kubelet_root_does_not_move_the_sockets_of_efa_device_plugins(tmp_path: Path) -> None:
    pool = "machine: {instanceType: p5.48xlarge}, network: {fabric: efa}"
    cluster = ", distribution: eks, kubeletRoot: /mnt/kubelet"
    done = compiled(tmp_path, cluster, pool, stack="clusterPolicy")
    assert reached(daemon_sets(done)["aws-efa-device-plugin"], "device-plugins") == {DEVICE_PLUGINS}


@pytest.mark.parametrize("cluster", [", distribution: k3s", ", distribution: rke2", ", os: talos-1.12"])
def test_pods_name_the_runtime_class_where_nvidias_runtime_is_not_the_default_one(cluster: str, tmp_path: Path) -> None:
    done = compiled(tmp_path, cluster, HOST)
    for name in ("nvidia-device-plugin", "gpu-feature-discovery", "dcgm-exporter"):
        assert daemon_sets(done)[name]["runtimeClassName"] == "nvidia"
    assert "RuntimeClass nvidia" in needs(done)
    assert "restarts" not in needs(done)


def test_a_runtime_class_of_ones_own_goes_first_and_elsewhere_there_is_none(tmp_path: Path) -> None:
    more = "  components: {k8s-device-plugin: {settings: {runtimeClass: mine}}}\n"
    pods = daemon_sets(compiled(tmp_path, ", distribution: k3s", HOST, more=more))
    assert pods["nvidia-device-plugin"]["runtimeClassName"] == "mine"
    done = compiled(tmp_path, ", os: ubuntu-24.04", HOST)
    assert all("runtimeClassName" not in pod for pod in daemon_sets(done).values())
    assert "NVIDIA's container runtime is the nodes' default" in needs(done)


def toolkit(done: Compilation) -> list[dict[str, str]]:
    assert done.bundle, done.diagnostics
    [policy] = [each.data["spec"] for each in done.bundle.objects if each.id.kind == "ClusterPolicy"]
    return list(policy["toolkit"].get("env", ()))


@every_release
@pytest.mark.parametrize("cluster", [", distribution: aks", ", distribution: gke, os: ubuntu-24.04"])
def test_the_toolkit_reads_containerds_file_on_aks_and_gke(cluster: str, release: str, tmp_path: Path) -> None:
    done = compiled(tmp_path, cluster, OPERATOR, stack="clusterPolicy", release=release)
    assert toolkit(done) == [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}]


@pytest.mark.parametrize("value", ["file", "file=/etc/containerd/config.toml"])
def test_a_variable_that_agrees_with_the_distribution_stands_once(value: str, tmp_path: Path) -> None:
    more = f"  components: {{gpu-operator: {{settings: {{toolkitEnv: {{RUNTIME_CONFIG_SOURCE: {value}}}}}}}}}\n"
    done = compiled(tmp_path, ", distribution: aks", OPERATOR, stack="clusterPolicy", more=more)
    assert not [each for each in done.diagnostics if each.severity is Severity.ERROR]
    assert toolkit(done) == [{"name": "RUNTIME_CONFIG_SOURCE", "value": value}]


def test_a_variable_against_the_distribution_is_refused(tmp_path: Path) -> None:
    more = "  components: {gpu-operator: {settings: {toolkitEnv: {RUNTIME_CONFIG_SOURCE: command}}}}\n"
    done = compiled(tmp_path, ", distribution: aks", OPERATOR, stack="clusterPolicy", more=more)
    assert [each.code.id for each in done.diagnostics if each.severity is Severity.ERROR] == ["BP3219"]
