"""Values derived from a blueprint: expectations, prerequisites, images, node labels, by distribution and
driver owner.
"""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.layout import LOCK
from blueprint.pipeline import Compilation
from tests.support.platforms import compiled

TEXT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: a}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  nodePools:
    cpu:
      nodes: 1
      selector: {acme.example/pool: cpu}
    gpu:
      nodes: {min: 1, max: 2}
      selector: {acme.example/pool: gpu}
      gpu: {product: L4, count: 2}
"""


def declared(*sets: str) -> Compilation:
    """TEXT with values set, compiled."""
    found = compiled(TEXT, sets=sets)
    assert found.bundle, [each.message for each in found.diagnostics]
    return found


POOL = "spec.nodePools.gpu"


def expected(compilation: Compilation, check: str) -> Any:
    """What a probe must find on nodes with GPUs; None if nothing is expected."""
    assert compilation.bundle
    found = [each for each in compilation.bundle.expectations if (each.pool, each.check) == ("gpu", check)]
    assert len(found) <= 1
    return found[0].parameters if found else None


def test_a_pool_without_gpus_is_expected_to_have_none() -> None:
    found = declared().bundle.expectations
    assert [(each.check, each.parameters) for each in found if each.pool == "cpu"] == [("gpu-count", 0)]
    assert {each.pool for each in found} == {"cpu", "gpu"}


def test_the_driver_is_expected_exactly_where_the_operator_installs_it() -> None:
    assert expected(declared(), "driver-version") == {"branch": "595", "version": "595.91.07"}
    assert expected(declared(f"{POOL}.owner={{driver: host}}"), "driver-version") is None
    promised = declared(f"{POOL}.owner.driver=provider", f"{POOL}.driver.branch=580")
    assert expected(promised, "driver-version") == {"branch": "580"}


@pytest.mark.parametrize("value", [True, False])
def test_declared_facts_are_expected_and_undeclared_ones_are_not(value: bool) -> None:
    assert expected(declared(), "ecc-mode") is None
    text = str(value).lower()
    found = declared(f"{POOL}.expect={{ecc: {text}, persistenceMode: {text}}}")
    assert expected(found, "ecc-mode") is value
    assert expected(found, "persistence-mode") is value


def test_count_and_product_are_expected_with_their_lines() -> None:
    found = declared()
    assert expected(found, "gpu-count") == 2
    assert expected(found, "gpu-product")["product"] == "L4"
    [count] = [each for each in found.bundle.expectations if (each.pool, each.check) == ("gpu", "gpu-count")]
    assert (count.sources[0].file, count.sources[0].line, count.sources[0].path) == (
        "blueprint.yaml", 14, f"{POOL}.gpu.count",
    )  # fmt: skip


def needs(compilation: Compilation) -> str:
    """The texts of the prerequisites."""
    assert compilation.files
    return compilation.files["prerequisites.md"].decode()


def test_labels_are_a_prerequisite_only_where_others_set_them() -> None:
    assert "gpublueprint.dev/pool=gpu" in needs(declared("spec.nodeLabels=provisioner"))
    assert "gpublueprint.dev/pool=gpu" not in needs(declared())


def test_nodes_drivers_and_secrets_are_prerequisites() -> None:
    text = needs(declared(f"{POOL}.owner={{driver: host}}", "spec.cluster.registries={pullSecrets: [pull]}"))
    assert "1 to 2 nodes have the labels acme.example/pool=gpu" in text
    assert "1 node has the labels acme.example/pool=cpu" in text
    assert "2 x L4" in text
    assert "The node image provides the NVIDIA driver" in text
    assert "The secret pull" in text


def images(compilation: Compilation) -> list[str]:
    """The images, without the hosts of their registries."""
    assert compilation.files
    return [line.partition("/")[2] for line in compilation.files["images.txt"].decode().split()]


def test_the_driver_image_is_pulled_only_where_the_operator_installs_it() -> None:
    driver = "nvidia/driver:595.91.07-ubuntu24.04"
    assert driver in images(declared())
    assert driver.replace("ubuntu24.04", "rhel9") in images(declared("spec.cluster.os=rhel-9.6"))
    assert not any("/driver:" in name for name in images(declared(f"{POOL}.owner={{driver: host}}")))


def test_a_mirror_replaces_its_host_and_the_star_all_others() -> None:
    found = declared('spec.cluster.registries={mirrors: {nvcr.io: a.b/c, "*": d.e}}')
    hosts = {line.partition("/")[0] for line in found.files["images.txt"].decode().split()}
    assert hosts == {"a.b", "d.e"}
    assert "a.b/c/nvidia/gpu-operator:" in found.files["images.txt"].decode()


def labels(compilation: Compilation, pool: str = "gpu") -> dict[str, str]:
    """The labels that the pool's nodes must have."""
    assert compilation.bundle
    [found] = [each for each in compilation.bundle.pools if each.name == pool]
    return dict(found.labels)


def test_nodes_with_a_driver_of_their_own_are_kept_from_the_operators() -> None:
    assert labels(declared())["gpublueprint.dev/pool"] == "gpu"
    other = "spec.nodePools.other={nodes: 1, selector: {acme.example/pool: other}, gpu: {product: L4, count: 1}}"
    mixed = declared(other, "spec.nodePools.other.owner.driver=host")
    assert labels(mixed, "other")["nvidia.com/gpu.deploy.driver"] == "false"
    assert "nvidia.com/gpu.deploy.driver" not in labels(mixed)


@pytest.mark.parametrize(
    ("distribution", "socket"),
    [
        ("k3s", "/run/k3s/containerd/containerd.sock"),
        ("rke2", "/run/k3s/containerd/containerd.sock"),
        ("microk8s", "/var/snap/microk8s/common/run/containerd.sock"),
        ("eks", None),
        ("vanilla", None),
    ],
)
def test_the_distribution_decides_where_the_runtime_listens(distribution: str, socket: str | None) -> None:
    [policy] = [
        obj
        for obj in declared(f"spec.cluster.distribution={distribution}").bundle.objects
        if obj.id.kind == "ClusterPolicy"
    ]
    env = {each["name"]: each.get("value") for each in policy.data["spec"]["toolkit"].get("env", [])}
    assert env.get("CONTAINERD_SOCKET") == socket


def test_the_lock_says_what_was_decided() -> None:
    import orjson

    lock = orjson.loads(declared("spec.nodeLabels=apply", "metadata.version=2.0.0").files[LOCK])
    assert lock["nodeLabels"] == "apply"
    assert lock["blueprint"]["version"] == "2.0.0"
    assert lock["inputs"].keys() == {"blueprint.yaml", "--set"}
