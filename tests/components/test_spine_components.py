"""The effect of blueprint lines on the objects of Node Feature Discovery and the GPU Operator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.settings import Setting
from blueprint.changes.compare import ABSENT, differences
from blueprint.diagnostics import has_errors
from blueprint.platform.model import Platform
from blueprint.render.images import pulled_images
from blueprint.render.render import render_component
from blueprint.source.paths import format_path
from tests.support.platforms import resolved

Objects = dict[str, list[dict[str, Any]]]
Render = Callable[[str], Objects]

BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: demo}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36"{cluster}}}
  components: {{{components}}}
  nodePools:
    system: {{nodes: 1, selector: {{pool: system}}, taints: {{only-system: ":NoSchedule"}}}}
    one: {{nodes: 1, selector: {{pool: one, {workload}}}, gpu: {{product: H100-SXM5-80GB, count: 8}}{one}}}
    two: {{nodes: 1, selector: {{pool: two, {workload}}}, gpu: {{product: L4, count: 1}}{two}}}
"""


CONTAINERS = "nvidia.com/gpu.workload.config: container"
"""Nodes that run containers, whatever the default of the others is."""


def blueprint(cluster: str = "", components: str = "", one: str = "", two: str = "") -> str:
    parts = {"cluster": cluster, "components": components, "one": one, "two": two}
    return BLUEPRINT.format(
        workload=CONTAINERS,
        **{name: f", {part}" if part and name != "components" else part for name, part in parts.items()},
    )


def driver(owner: str) -> str:
    return f"owner: {{driver: {owner}}}"


def named(objects: Objects, subject: str) -> dict[str, Any]:
    kind, _, name = subject.partition("/")
    everything = [one for component in objects.values() for one in component]
    [found] = [one for one in everything if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def policy(objects: Objects) -> dict[str, Any]:
    spec: dict[str, Any] = named(objects, "ClusterPolicy/cluster-policy")["spec"]
    return spec


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def test_the_pools_branch_becomes_the_exact_version_that_the_operator_installs(render: Render) -> None:
    both = {
        "one": 'driver: {branch: "580", kernelModules: open}',
        "two": 'driver: {branch: "580", kernelModules: open}',
    }
    spec = policy(render(blueprint(**both)))["driver"]
    assert (spec["enabled"], spec["version"], spec["kernelModuleType"]) == (True, "580.173.02", "open")


def test_without_a_branch_the_operator_installs_the_releases_default(render: Render) -> None:
    assert policy(render(blueprint()))["driver"]["version"] == "595.91.07"


@pytest.mark.parametrize(
    ("one", "two", "installs_driver", "installs_toolkit"),
    [
        ("operator", "operator", True, True),
        ("operator", "host", True, True),
        ("host", "host", False, True),
        ("host", "provider", False, True),
        ("provider", "provider", False, False),
    ],
)
def test_whoever_owns_the_drivers_decides_what_the_operator_installs(
    render: Render, one: str, two: str, *, installs_driver: bool, installs_toolkit: bool
) -> None:
    spec = policy(render(blueprint(one=driver(one), two=driver(two))))
    assert (spec["driver"]["enabled"], spec["toolkit"]["enabled"]) == (installs_driver, installs_toolkit)


def test_on_aks_with_its_drivers_pods_get_the_runtime_that_aks_configures(render: Render) -> None:
    theirs = {"one": driver("provider"), "two": driver("provider")}
    assert (
        policy(render(blueprint("distribution: aks", **theirs)))["operator"]["runtimeClass"]
        == "nvidia-container-runtime"
    )
    ours = {"one": driver("operator"), "two": driver("operator")}
    assert policy(render(blueprint("distribution: aks", **ours)))["operator"]["runtimeClass"] == "nvidia"


@pytest.mark.parametrize("distribution", ["k3s", "rke2"])
def test_on_k3s_and_rke2_the_toolkit_gets_the_socket_of_containerd(render: Render, distribution: str) -> None:
    toolkit = policy(render(blueprint(f"distribution: {distribution}")))["toolkit"]
    assert toolkit["env"] == [{"name": "CONTAINERD_SOCKET", "value": "/run/k3s/containerd/containerd.sock"}]
    assert "env" not in policy(render(blueprint("distribution: vanilla")))["toolkit"]


def test_every_taint_of_a_gpu_pool_is_tolerated_whatever_its_value(render: Render) -> None:
    """A GPU node that Node Feature Discovery or an operand cannot reach silently stays without a driver."""
    objects = render(
        blueprint(
            one='taints: {team: "a:NoExecute"}', two='taints: {team: "b:NoSchedule", nvidia.com/gpu: "x:NoSchedule"}'
        )
    )
    worker = named(objects, "DaemonSet/nfd-worker")["spec"]["template"]["spec"]["tolerations"]
    operands = policy(objects)["daemonsets"]["tolerations"]
    for tolerations in (worker, operands):
        found = {(one["key"], one["operator"], one["effect"]) for one in tolerations}
        assert {("team", "Exists", "NoExecute"), ("team", "Exists", "NoSchedule")} <= found
        assert ("nvidia.com/gpu", "Exists", "NoSchedule") in found
        assert len(found) == len(tolerations)
        assert not [one for one in tolerations if "value" in one or one["key"] == "only-system"]


def test_the_customary_gpu_taint_is_tolerated_even_where_no_pool_declares_it(render: Render) -> None:
    assert policy(render(blueprint()))["daemonsets"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


def test_mirrors_stand_in_for_every_registry(render: Render) -> None:
    objects = render(blueprint('registries: {mirrors: {nvcr.io: reg.example.com/nv, "*": reg.example.com/any}}'))
    texts = [leaf for component in objects.values() for leaf in leaves(component) if isinstance(leaf, str)]
    assert not [text for text in texts if text.startswith(("nvcr.io", "registry.k8s.io"))]
    worker = named(objects, "DaemonSet/nfd-worker")["spec"]["template"]["spec"]["containers"][0]
    assert worker["image"] == "reg.example.com/any/nfd/node-feature-discovery:v0.19.0"
    assert policy(objects)["toolkit"]["repository"] == "reg.example.com/nv/nvidia/k8s"


def test_pull_secrets_reach_every_pod_that_we_or_the_operator_make(render: Render) -> None:
    objects = render(blueprint("registries: {pullSecrets: [reg-pull]}"))
    for subject in ("Deployment/nfd-master", "Deployment/nfd-gc", "DaemonSet/nfd-worker", "Deployment/gpu-operator"):
        assert named(objects, subject)["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "reg-pull"}], (
            subject
        )
    for operand, spec in policy(objects).items():
        if "repository" in spec:
            assert spec["imagePullSecrets"] == ["reg-pull"], operand


def test_the_list_of_images_is_what_nodes_will_pull_and_nothing_else(
    render_platform_of: Callable[[str], tuple[Platform, list[Object]]],
) -> None:
    """It determines what an air-gapped site copies: if an image is missing, GPU nodes do not become ready."""

    def pulled(text: str) -> set[str]:
        return {image.ref.rpartition("/")[2] for image in pulled_images(*render_platform_of(text))}

    always = {
        "gpu-operator:v26.7.0",
        "node-feature-discovery:v0.19.0",
        "container-toolkit:v1.20.0",
        "k8s-device-plugin:v0.20.0",
        "k8s-mig-manager:v0.15.0",
    }
    exporter, dcgm = "dcgm-exporter:4.6.0-4.8.3-distroless", "dcgm:4.6.0-1-ubuntu24.04"
    drivers = {"driver:595.91.07-ubuntu22.04", "k8s-driver-manager:v0.12.0"}
    host = {"one": driver("host"), "two": driver("host")}
    assert pulled(blueprint("os: ubuntu-22.04")) == {*always, *drivers, exporter}
    assert pulled(blueprint(**host)) == {*always, exporter}
    other = "gpu-operator: {settings: {dcgm: true, dcgmExporter: false}}"
    assert pulled(blueprint(components=other, **host)) == {*always, dcgm}
    uncut = "gpu-operator: {settings: {migManager: false}}"
    assert pulled(blueprint(components=uncut, **host)) == {*always, exporter} - {"k8s-mig-manager:v0.15.0"}


def test_a_selector_holds_nothing_that_a_new_version_or_name_would_change(render: Render) -> None:
    """Selectors are immutable: a changed one would require the object to be deleted and recreated."""
    objects = [one for component in render(blueprint()).values() for one in component]
    selectors = [
        one["spec"]["selector"]["matchLabels"] for one in objects if one["kind"] in ("Deployment", "DaemonSet")
    ]
    assert len(selectors) == 4
    for selector in selectors:
        assert not {"app.kubernetes.io/version", "app.kubernetes.io/instance"} & set(selector)


def test_objects_are_in_canonical_form(render: Render) -> None:
    """What the API server drops would always be reported as drift."""

    def empties(value: Any, at: str) -> Iterator[str]:
        if value in (None, [], {}):
            yield at
        for key, item in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            yield from empties(item, f"{at}.{key}")

    for component in render(blueprint()).values():
        for one in component:
            if one["kind"] != "CustomResourceDefinition":
                assert not list(empties(one, one["kind"]))


SETTINGS = [
    (component, name)
    for component in load_catalog().components
    if (found := load_catalog().component(component))
    for name in found.settings
    if not (found.olm and name in found.olm.only)  # tested in test_openshift.py
]


POOL = "nodes: 1, selector: {pool"
RACKS = "    racks: {nodes: 2, selector: {pool: r}, gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}}\n"
CLAIMED = "  gpuStack: standalone\n  allocation: dra\n"
MADE = "karpenter: {nodeClass: gpu, instanceTypes: [g6e.12xlarge]}"
MACHINES = "vm: {nodes: 1, selector: {pool: vm}, gpu: {product: H100-SXM5-80GB, count: 8}, kata: {confidential: snp}}"
OF_OTHERS = "    t: {nodes: 1, selector: {pool: t}, taints: {example.com: ':NoSchedule'}}\n"
QUEUED = "  queueing: {kueue: {}}\n  tenants: {a: {namespaces: [a], quota: {one: 8}}}\n"
SECTIONS = {
    "network-operator": f"\n    a: {{{POOL}: a}}, network: {{fabric: infiniband}}}}\n",
    "efa-device-plugin": f"\n    a: {{{POOL}: a}}, network: {{fabric: efa}}}}\n",
    "k8s-device-plugin": "\n  gpuStack: standalone\n",
    "dcgm-exporter": "\n  gpuStack: standalone\n",
    "dra-driver-nvidia-gpu": f"\n{CLAIMED}",
    "gpu-observability": "\n  observability: {prometheus: {namespace: monitoring, selectorLabels: {release: kps}}}\n",
    "tenancy": f"\n{OF_OTHERS}  allocation: dra\n{QUEUED}",
    "kueue": "\n  queueing: {kueue: {}}\n",
    "kai-scheduler": "\n  queueing: {kai: {}}\n",
    "karpenter": f"\n    k: {{nodes: {{min: 0, max: 2}}, selector: {{pool: k}}, {MADE}}}\n",
    "kata-deploy": f"\n    {MACHINES}\n",
    "kata-admission": f"\n    {MACHINES}\n",
}
"""Further lines of a blueprint that are needed to install a component."""
CLUSTERS = {"karpenter": "distribution: eks"}
OTHERS = {"tenancy": ", kueue: {settings: {frameworks: [pod, batch/job, jobset.x-k8s.io/jobset]}}"}
"""The same for other components."""
MANAGED = ("karpenter",)
"""Components that are installed by default, by other means."""
DIFFERENT = {
    "network-operator": f"{SECTIONS['network-operator']}    b: {{{POOL}: b}}, network: {{fabric: roce}}}}\n",
    "gpu-operator": "\n  allocation: dra\n",
    "kueue": f"{SECTIONS['gpu-observability']}  queueing: {{kueue: {{}}}}\n",
    "dra-driver-nvidia-gpu": f"\n{RACKS}{CLAIMED}",
}
"""Further lines so that pools differ in what the component does for them, or that it works in its other mode."""
_DIGEST = re.compile("-[0-9a-f]{8}$")


def another(setting: Setting) -> Any:
    """An allowed value other than the default."""
    if setting.type == "pod":
        return {part: ANOTHER_PART[part] for part in setting.parts}
    if setting.enum and setting.type == "list":
        return [*setting.enum] if setting.default is None else [setting.enum[0]]
    compound: list[Any] = [
        ["^app$"], ["example.com"], {"VARIABLE": "value"}, {"limits": {"memory": "1Gi"}}, {"MPSSupport": True},
        {"failureThreshold": 7}, [{"key": "other", "operator": "Exists"}], [{"action": "keep"}],
        ["monitoring"], ["Job.v1.example.com"], {"AdmissionFairSharing": False},
        {"NodeRepair": True},
    ]  # fmt: skip
    candidates: list[Any] = [
        *setting.enum,
        True,
        False,
        2,
        3,
        9500,
        "40%",
        "12s",
        "/opt/nvidia",
        *compound,
        "DCGM_FI_DEV_GPU_UTIL, gauge, use",
        "https://acme.example/pages",
        "https://acme.example",
        "0.1",
        "250m",
        "512Mi",
    ]
    return next(value for value in candidates if setting.problem(value) is None and value != setting.default)


ANOTHER_PART: dict[str, Any] = {
    "args": ["-v=4"], "env": {"VARIABLE": "value"}, "resources": {"limits": {"memory": "1Gi"}}, "hostNetwork": True,
    "priorityClass": "other", "nodeSelector": {"other": "node"}, "affinity": {"nodeAffinity": {}}, "replicas": 4,
    "tolerations": [{"key": "other", "operator": "Exists"}], "labels": {"other": "label"}, "annotations": {"x": "y"},
    "startupProbe": {"failureThreshold": 7}, "livenessProbe": {"failureThreshold": 7},
    "readinessProbe": {"failureThreshold": 7},
}  # fmt: skip
BESIDE = {
    "gpu-operator": "driverObjects: always",
    "dra-driver-nvidia-gpu": "webhook: true",
    "kata-deploy": "monitor: true",
}
"""The setting of a component without which some others have no effect, although that is not a mistake."""


def switched_on(component: str, name: str) -> str:
    """The settings that must be on for this one to have an effect."""
    known = (load_catalog().component(component) or pytest.fail(reason=component)).settings
    switches = known[name].requires
    said = {switch: True if known[switch].type == "boolean" else another(known[switch]) for switch in switches}
    return ", ".join(f"{switch}: {json.dumps(value)}" for switch, value in said.items())


USELESS = ("BP3206", "BP3391", "BP3605")
"""Errors about a setting that has no effect here, or that needs another one: only the rendered objects matter."""


def rendered_all_the_same(text: str, component: str) -> dict[str, Any]:
    """The objects of one component, by `Kind/name`, even if a setting has no effect; without CRDs."""
    found, diagnostics = resolved(text)
    assert found, diagnostics
    objects, faults = render_component(found.components[component], found)
    assert not has_errors(each for each in (*diagnostics, *faults) if each.code.id not in USELESS), diagnostics
    return {
        f"{one.id.kind}/{_DIGEST.sub('', one.id.name)}": one.data
        for one in objects
        if one.id.kind != "CustomResourceDefinition"
    }


_without_a_setting = cache(rendered_all_the_same)


def changed(component: str, others: str, setting: str, section: str = "") -> set[str]:
    """Every field that differs if `setting` is set together with the `others`, as `Kind/name: path`; whole
    objects too.
    """
    settings = ", ".join(filter(None, (others, setting)))
    section = section or SECTIONS.get(component, "")
    others_say = OTHERS.get(component, "")
    owned = "ownership: managed, " if component in MANAGED else ""
    before, after = (
        blueprint(CLUSTERS.get(component, ""), f"{component}: {{{owned}settings: {{{text}}}}}{others_say}") + section
        for text in (others, settings)
    )
    sides = [_without_a_setting(before, component), rendered_all_the_same(after, component)]
    return {
        f"{subject}: {format_path(path, side)}"
        for subject in {**sides[0], **sides[1]}
        for side in [sides[1].get(subject) or sides[0][subject]]
        for path, _, _ in differences(*(each.get(subject, ABSENT) for each in sides))
    }


@pytest.mark.parametrize(("component", "name"), SETTINGS)
def test_a_setting_feeds_exactly_the_fields_that_it_says_it_feeds(component: str, name: str) -> None:
    """In the minimal blueprint, and with the setting without which some others have no effect."""
    setting = (load_catalog().component(component) or pytest.fail(reason=component)).settings[name]
    written = f"{name}: {json.dumps(another(setting))}"
    found: set[str] = set()
    switches = switched_on(component, name)
    if not all(feed.startswith("GPUCluster/") for feed in setting.feeds):
        found |= changed(component, switches, written)
        beside = BESIDE.get(component, name)
        if beside.partition(":")[0] not in (name, *setting.requires):
            found |= changed(component, ", ".join(filter(None, (switches, beside))), written)
    if component in DIFFERENT and not all(feed.startswith("ClusterPolicy/") for feed in setting.feeds):
        found |= changed(component, switches, written, DIFFERENT[component])

    feeds = set(setting.feeds)
    assert {feed for feed in feeds if any(field.startswith(feed) for field in found)} == feeds
    assert {field for field in found if field.startswith(tuple(feeds))} == found
