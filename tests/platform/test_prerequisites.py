"""Prerequisites are true: every component that they mention is rendered, or declared as external.

The table is every mode of every distribution and stack, with GPUs joined by NVLink, partitioned, and labelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import blueprint.catalog
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.distribution import STACKS
from blueprint.pipeline import Compilation
from tests.support.platforms import DECLARED_STACK, compiled

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: t}}
spec:
  release: "2026.11"
  {stack}
  cluster: {{kubernetes: "1.35", distribution: {distribution}, os: {system}}}
  nodePools:
    some: {{nodes: 18, selector: {{pool: some}}, {pool}{owners}}}
{components}"""
POOLS = {
    "joined": "gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 18}, ",
    "cut": "gpu: {product: A100-SXM4-80GB, count: 8, mig: {layout: [{devices: all, profiles: {1g.10gb: 7}}]}}, ",
    "whole": "gpu: {product: L40S, count: 8}, ",
}
SYSTEMS = {"amazonlinux": "amazonlinux-2023", "azurelinux": "azurelinux-3", "rhel": "rhel-9.6", "rocky": "rocky-9.7",
           "ubuntu": "ubuntu-24.04"}  # fmt: skip
Objects = Mapping[tuple[str, str], Mapping[str, Any]]


def _on(objects: Objects, part: str) -> bool:
    policies = [data["spec"] for (kind, _), data in objects.items() if kind == "ClusterPolicy"]  # named as vendors do
    return any(spec.get(part, {}).get("enabled") for spec in policies)


def _has(objects: Objects, kind: str) -> bool:
    return any(each == kind for each, _ in objects)


def _nameless(objects: Objects) -> bool:
    daemons = [data["spec"]["template"]["spec"] for (kind, _), data in objects.items() if kind == "DaemonSet"]
    return bool(daemons) and not any("runtimeClassName" in spec for spec in daemons)


DOERS: dict[str, Callable[[Objects], bool]] = {
    "The DRA driver gives": lambda o: o[("GPUCluster", "gpu-cluster")]["spec"]["draDriver"]["computeDomains"][
        "enabled"
    ],
    "GPU feature discovery gives": lambda o: _on(o, "gfd") or ("DaemonSet", "gpu-feature-discovery") in o,
    "the MIG manager stops": lambda o: _on(o, "migManager"),
    "the MIG manager reboots": lambda o: _on(o, "migManager"),
    "Setting up the container runtime restarts": lambda o: _on(o, "toolkit"),
    "containerd with its socket": lambda o: _on(o, "toolkit"),
    "own, with its socket": lambda o: _on(o, "toolkit"),
    "whose driver the operator installs": lambda o: _on(o, "driver") or _has(o, "NVIDIADriver"),
    "name no RuntimeClass": _nameless,
}
"""A statement about a component, and whether that component is present."""


def modes() -> Iterator[Any]:
    """Every distribution, system, stack and mode."""
    catalog = load_catalog()
    for file in sorted((Path(blueprint.catalog.__file__).parent / "distributions").glob("*.yaml")):
        known = catalog.distribution(file.stem)
        for family, image in known.images.items():
            system = known.default_os if family == "*" else SYSTEMS.get(family, family)
            for mode in image.modes:
                owners = f"owner: {{driver: {mode.driver}, toolkit: {mode.toolkit}"
                owners += f", devicePlugin: {mode.device_plugin}}}"
                for stack in STACKS:
                    if stack in mode.stacks and stack not in known.refuses:
                        yield pytest.param(
                            file.stem, system, stack, owners, id=f"{file.stem} {system} {stack} {owners}"
                        )


def declared(components: str = "", **fields: str) -> Compilation:
    """The blueprint with these fields, compiled."""
    return compiled(BLUEPRINT.format(components=components, **fields))


def told(done: Compilation) -> tuple[str, Objects]:
    """The prerequisites, and the objects by kind and name."""
    assert done.files
    assert done.bundle
    text = done.files["prerequisites.md"].decode()
    return text, {(each.id.kind, each.id.name): each.data for each in done.bundle.objects}


@pytest.mark.parametrize(("distribution", "system", "stack", "owners"), list(modes()))
def test_every_actor_that_is_named_exists(distribution: str, system: str, stack: str, owners: str) -> None:
    seen = 0
    for pool in (POOLS["cut"], POOLS["whole"]):
        done = declared(distribution=distribution, system=system, stack=DECLARED_STACK[stack], owners=owners, pool=pool)
        if done.bundle is None:
            continue  # a GPU that this system or stack does not support
        seen += 1  # whole GPUs are checked where these cannot be partitioned
        text, objects = told(done)
        for sentence in text.splitlines():
            for words, is_there in DOERS.items():
                if words in sentence:
                    assert is_there(objects), sentence
        break
    assert seen, "no pool is possible here"


@pytest.mark.parametrize(
    ("stack", "components", "who"),
    [
        ("clusterPolicy", "", "GPU feature discovery"),
        ("clusterPolicy", "  components: {gpu-operator: {settings: {gfd: false}}}", "The node provisioner"),
        ("standalone", "", "GPU feature discovery"),
        ("standalone", "  components: {k8s-device-plugin: {settings: {gfd: false}}}", "The node provisioner"),
        ("standalone", "  components: {k8s-device-plugin: {ownership: absent}}", "The node provisioner"),
        ("gpuCluster", "", "The DRA driver"),
        ("gpuCluster", "  components: {gpu-operator: {settings: {computeDomains: never}}}", "The node provisioner"),
    ],
)
def test_the_label_of_a_domain_is_set_by_a_component_that_is_present(stack: str, components: str, who: str) -> None:
    owners = "owner: {driver: host, toolkit: host}"
    said = {"distribution": "vanilla", "system": "ubuntu-24.04", "owners": owners, "pool": POOLS["joined"]}
    done = declared(components, stack=DECLARED_STACK[stack], **said)
    [sentence] = [line for line in told(done)[0].splitlines() if "nvidia.com/gpu.clique" in line and "NVLink" in line]
    assert f"{who} gives them the label" in sentence


@pytest.mark.parametrize("distribution", ["vanilla", "k3s", "rke2", "microk8s"])
def test_the_socket_is_the_one_in_the_toolkits_configuration(distribution: str) -> None:
    """The blueprint's takes precedence over the distribution's; none if no component configures the runtime."""
    said = {
        "distribution": distribution,
        "system": "ubuntu-24.04",
        "stack": "gpuStack: operator",
        "pool": POOLS["whole"],
    }
    own = "  components: {gpu-operator: {settings: {toolkitEnv: {CONTAINERD_SOCKET: /run/k0s/containerd.sock}}}}"
    for components in ("", own):
        done = declared(components, owners="owner: {driver: operator}", **said)
        if components and done.bundle is None:
            continue  # the distribution determines it
        text, objects = told(done)
        env = objects["ClusterPolicy", "cluster-policy"]["spec"]["toolkit"].get("env", [])
        sockets = [each["value"] for each in env if each["name"] == "CONTAINERD_SOCKET"]
        told_ = re.findall(r"socket at (\S+?)[.,]?(?:\s|$)", text)
        assert told_ == (sockets[-1:] or ["/run/containerd/containerd.sock"])
    by_host = told(declared(owners="owner: {driver: host, toolkit: host}", **said))[0]
    assert "socket at" not in by_host
    assert "restarts it" not in by_host
