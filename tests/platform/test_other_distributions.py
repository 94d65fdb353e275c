"""Distributions without an entry of their own can be expressed: the examples on the how-to page compile correctly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from blueprint.pipeline import Compilation
from tests.support.platforms import compiled

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-on-a-cloud.md"
BLUEPRINTS = {
    found[1]: text
    for text in re.findall(r"```yaml\n(apiVersion: .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    if (found := re.search(r"metadata: \{name: (\w+)\}", text))
}


def without_findings(text: str) -> Compilation:
    """The blueprint, compiled without a diagnostic."""
    done = compiled(text)
    assert done.diagnostics == ()
    return done


def policies(done: Compilation) -> list[Any]:
    assert done.bundle
    return [obj.data["spec"] for obj in done.bundle.objects if obj.id.kind == "ClusterPolicy"]


def test_the_page_has_one_for_each() -> None:
    assert set(BLUEPRINTS) == {"oke", "talos", "small"}


def test_oke_brings_the_driver_and_the_shape_the_gpus() -> None:
    done = without_findings(BLUEPRINTS["oke"])
    [policy] = policies(done)
    assert (policy["driver"]["enabled"], policy["toolkit"]["enabled"]) == (False, True)
    assert done.bundle
    assert (done.bundle.pools[0].gpu_product, done.bundle.pools[0].gpu_count) == ("H100-SXM5-80GB", 8)


def test_talos_runs_without_the_operator() -> None:
    done = without_findings(BLUEPRINTS["talos"])
    assert policies(done) == []
    assert done.bundle
    assert any("device-plugin" in obj.id.name for obj in done.bundle.objects if obj.id.kind == "DaemonSet")


def test_microk8s_has_its_containerd_in_a_snap() -> None:
    done = without_findings(BLUEPRINTS["small"])
    [policy] = policies(done)
    env = {each["name"]: each["value"] for each in policy["toolkit"]["env"]}
    assert env == {
        "CONTAINERD_CONFIG": "/var/snap/microk8s/current/args/containerd-template.toml",
        "CONTAINERD_SOCKET": "/var/snap/microk8s/common/run/containerd.sock",
        "RUNTIME_CONFIG_SOURCE": "file=/var/snap/microk8s/current/args/containerd.toml",
    }
    assert done.files
    assert b"microk8s disable nvidia" in done.files["prerequisites.md"]
    assert b"/run/containerd/containerd.sock" not in done.files["prerequisites.md"]


def test_vanilla_can_be_configured_with_everything_that_an_entry_would_set() -> None:
    """Socket and configuration of containerd by the operator's settings, the kubelet's directory by the cluster."""
    said = BLUEPRINTS["small"].replace("distribution: microk8s, ", "")
    said = said.replace('{kubernetes: "1.35"}', '{kubernetes: "1.35", kubeletRoot: /var/lib/elsewhere}')
    said += "  components: {gpu-operator: {settings: {toolkitEnv: {CONTAINERD_SOCKET: /run/own.sock}}}}\n"
    [policy] = policies(without_findings(said))
    assert {"name": "CONTAINERD_SOCKET", "value": "/run/own.sock"} in policy["toolkit"]["env"]
