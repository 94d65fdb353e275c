"""Rules about manifests alone, beyond the examples of their pages: further findings, and what causes none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object, Taint
from blueprint.check.rule_context import PoolOffer
from blueprint.check.runner import run_rules
from tests.support.rule_facts import context, dra


def codes(text: str, *pools: PoolOffer, **known: Any) -> set[str]:
    """The codes of what is found in some manifests."""
    objects = [Object(data, USERS) for data in yaml.safe_load_all(text) if data]
    result = run_rules(context(objects, pools, **known))
    assert not result.failed, result.diagnostics
    return {each.code.id for each in result.diagnostics}


def pod(container: str, spec: str = "") -> str:
    more = f"  {spec}\n" if spec else ""
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n"
    return f"{head}{more}  containers: [{{name: c, image: 'r.example/c:1', {container}}}]\n"


def limits(name: str, amount: int = 1) -> str:
    return f"resources: {{limits: {{{name}: '{amount}'}}}}"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nvidia.com/mig-1g.5gb", False),
        ("nvidia.com/mig-1g.10gb.me", False),
        ("nvidia.com/mig-1c.3g.20gb", False),
        ("nvidia.com/mig-2g.20gb.shared", False),
        ("nvidia.com/mig-1g5gb", True),
        ("nvidia.com/mig-1g.5g", True),
        ("nvidia.com/MIG-1g.5gb", True),
        ("nvidia.com/mig-1g.10gb+me", True),
        ("nvidia.com/mig", True),
        ("nvidia.com/gpu", False),
        ("nvidia.com/migrate", False),
    ],
)
def test_names_of_mig_resources(name: str, found: bool) -> None:
    assert ("BP6579" in codes(pod(limits(name)))) is found


def test_pools_that_are_known_say_themselves_what_they_offer() -> None:
    found = codes(pod(limits("nvidia.com/mig-1g5gb")), PoolOffer("a", {"nvidia.com/mig-1g.5gb": 7}))
    assert "BP6579" not in found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/dev/nvidia0", True),
        ("/dev/nvidiactl", True),
        ("/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1", True),
        ("/usr/lib64/nvidia", True),
        ("/usr/local/nvidia/lib64", True),
        ("/usr/bin/nvidia-smi", True),
        ("/home/kubernetes/bin/nvidia/lib64", False),
        ("/dev/shm", False),  # noqa: S108 - a path in a manifest
        ("/dev/infiniband", False),
        ("/mnt/nvidia-models", False),
    ],
)
def test_files_of_the_driver(path: str, found: bool) -> None:
    volumes = f"volumes: [{{name: v, hostPath: {{path: {path}}}}}]"
    assert ("BP6580" in codes(pod(limits("nvidia.com/gpu"), volumes))) is found
    assert "BP6580" not in codes(pod("args: [x]", volumes)), "what serves GPUs to others mounts them rightly"


@pytest.mark.parametrize(
    ("command", "gpus", "found"),
    [
        ("torchrun --nproc_per_node=8 t.py", 4, True),
        ("torchrun --nproc-per-node 4 t.py", 4, False),
        ("torchrun --nproc-per-node=gpu t.py", 4, False),
        ("torchrun --nproc-per-node=2 --nnodes=2 t.py", 4, True),
        ("python -m torch.distributed.run --nproc_per_node 2 t.py", 4, True),
        ("python t.py --nproc-per-node=8", 4, False),
        ("accelerate launch --num_processes=8 t.py", 4, True),
        ("accelerate launch --num_processes=8 --num_machines=2 t.py", 4, False),
        ("accelerate launch --num_machines=2 --num_processes=8 t.py", 4, False),
        ("deepspeed --num_gpus 2 t.py", 4, True),
        ("torchrun --nproc-per-node=$(N) t.py", 4, False),
        ("torchrun --nproc-per-node=8 t.py", 0, False),
    ],
)
def test_processes_and_gpus(command: str, gpus: int, found: bool) -> None:
    asked = limits("nvidia.com/gpu", gpus) if gpus else "stdin: false"
    assert ("BP6581" in codes(pod(f"command: [sh, -c, '{command}'], {asked}"))) is found


@pytest.mark.parametrize(
    ("security", "found"),
    [
        ("{}", True),
        ("{capabilities: {add: [NET_RAW]}}", True),
        ("{capabilities: {add: [CAP_IPC_LOCK]}}", False),
        ("{capabilities: {add: [ALL]}}", False),
        ("{privileged: true}", False),
    ],
)
def test_the_right_to_pin_memory(security: str, found: bool) -> None:
    text = pod(f"securityContext: {security}, {limits('rdma/hca')}")
    assert ("BP6582" in codes(text)) is found
    assert "BP6582" not in codes(pod(f"securityContext: {security}, {limits('vpc.amazonaws.com/efa')}"))


CLAIMS = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {{name: one, namespace: n}}
spec:
  spec:
    devices:
      requests:
        - {{name: a, exactly: {{deviceClassName: {kind}, count: {count}}}}}
        - {{name: b, exactly: {{deviceClassName: {kind}}}}}
---
"""


@pytest.mark.parametrize(
    ("kind", "count", "refers", "found"),
    [
        ("mig.nvidia.com", 2, "{name: m}", True),
        ("mig.nvidia.com", 1, "{name: m}", True),
        ("mig.nvidia.com", 1, "{name: m, request: a}", False),
        ("mig.nvidia.com", 1, "{name: m, request: a}, {name: m, request: b}", True),
        ("gpu.nvidia.com", 2, "{name: m}", False),
    ],
)
def test_mig_devices_of_one_container(kind: str, count: int, refers: str, found: bool) -> None:
    claims = "resourceClaims: [{name: m, resourceClaimTemplateName: one}]"
    text = CLAIMS.format(kind=kind, count=count) + pod(f"resources: {{claims: [{refers}]}}", claims)
    assert ("BP6577" in codes(text)) is found


@pytest.mark.parametrize("selector", ["device.attributes['gpu.nvidia.com'].type == 'mig'", "true"])
def test_mig_devices_by_selector(selector: str) -> None:
    demand = f'count: 2, selectors: [{{cel: {{expression: "{selector}"}}}}]'
    text = CLAIMS.format(kind="mine", count=2).replace("count: 2", demand)
    assert ("BP6577" in codes(text)) is (selector != "true")


def test_a_claim_is_used_by_an_init_container_too() -> None:
    claims = "resourceClaims: [{name: m, resourceClaimTemplateName: one}]"
    init = "initContainers: [{name: i, image: 'r.example/c:1', resources: {claims: [{name: m}]}}]"
    assert "BP6578" in codes(pod("args: [x]", claims))
    assert "BP6578" not in codes(pod("args: [x]", f"{claims}\n  {init}"))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("device.attributes['gpu.nvidia.com'].model == 'a'", True),
        ("device.attributes['gpu.nvidia.com'].index == 0", True),
        ("device.attributes['gpu.nvidia.com'].pcieRoot == 'a'", True),
        ("device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('1Gi')) > 0", False),
        ("device.attributes['gpu.nvidia.com'].productName == 'a'", False),
        ("has(device.attributes['gpu.nvidia.com'].model)", False),
        ("device.attributes['other.example'].model == 'a'", False),
    ],
)
def test_attributes_that_never_were(expression: str, found: bool) -> None:
    text = f"""
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {{name: c, namespace: n}}
spec:
  devices:
    requests:
      - name: a
        exactly: {{deviceClassName: gpu.nvidia.com, selectors: [{{cel: {{expression: "{expression}"}}}}]}}
"""
    assert ("BP6591" in codes(text)) is found
    assert "BP6591" not in codes(text, dra=dra()), "where the driver is known, it is said by version"


@pytest.mark.parametrize(
    ("gates", "found"),
    [
        ("{MPSSupport: true}", False),
        ("{MPSsupport: true}", True),
        ("{DynamicMIG: true, MPSSupport: true}", True),
        ("{DynamicMIG: true, MPSSupport: false}", False),
        ("{}", False),
    ],
)
def test_gates_of_a_gpu_cluster(gates: str, found: bool) -> None:
    head = "apiVersion: nvidia.com/v1alpha1\nkind: GPUCluster\nmetadata: {name: gpu-cluster}\n"
    assert ("BP6592" in codes(f"{head}spec: {{draDriver: {{featureGates: {gates}}}}}")) is found


def daemons(image: str, container: str, volumes: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: d, namespace: n}}
spec:
  selector: {{matchLabels: {{app: d}}}}
  template:
    metadata: {{labels: {{app: d}}}}
    spec:
      volumes: [{volumes}]
      containers: [{{name: c, image: 'r.example/{image}', {container}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: files, namespace: n}}
data: {{counters.csv: "DCGM_FI_DEV_GPU_TEMP, gauge, Temperature"}}
"""


MOUNT = "volumeMounts: [{name: f, mountPath: /etc/dcgm-exporter}]"
SUB_PATH = "volumeMounts: [{name: f, mountPath: /etc/dcgm-exporter/mine.csv, subPath: counters.csv}]"
VOLUME = "{name: f, configMap: {name: files}}"


@pytest.mark.parametrize(
    ("container", "volumes", "found"),
    [
        (f"args: [-f, /etc/dcgm-exporter/mine.csv], {MOUNT}", VOLUME, True),
        (f"args: [-f, /etc/dcgm-exporter/counters.csv], {MOUNT}", VOLUME, False),
        (f"args: [--collectors=/etc/dcgm-exporter/mine.csv], {MOUNT}", VOLUME, True),
        (f"env: [{{name: DCGM_EXPORTER_COLLECTORS, value: /etc/dcgm-exporter/mine.csv}}], {MOUNT}", VOLUME, True),
        (f"env: [{{name: OTHER, value: /etc/dcgm-exporter/mine.csv}}], {MOUNT}", VOLUME, False),
        (f"args: [-f, /elsewhere/mine.csv], {MOUNT}", VOLUME, False),
        (f"args: [-f, /etc/dcgm-exporter/mine.csv], {MOUNT}", "{name: f, configMap: {name: others}}", False),
        (f"args: [-f, /etc/dcgm-exporter/mine.csv], {MOUNT}", "{name: f, emptyDir: {}}", False),
        (
            f"args: [-f, /etc/dcgm-exporter/mine.csv], {MOUNT}",
            "{name: f, configMap: {name: files, items: [{key: counters.csv, path: mine.csv}]}}",
            False,
        ),
        (f"args: [-f, /etc/dcgm-exporter/mine.csv], {SUB_PATH}", VOLUME, False),
    ],
)
def test_the_file_that_an_exporter_is_configured_to_read(container: str, volumes: str, found: bool) -> None:
    assert ("BP6585" in codes(daemons("dcgm-exporter:4", container, volumes))) is found
    assert "BP6585" not in codes(daemons("other:1", container, volumes))


SOCKETS = "{name: s, hostPath: {path: /var/lib/kubelet/device-plugins}}"


@pytest.mark.parametrize(
    ("container", "volumes", "found"),
    [
        ("volumeMounts: [{name: s, mountPath: /var/lib/kubelet/device-plugins/}]", SOCKETS, False),
        (
            "volumeMounts: [{name: s, mountPath: /var/lib/kubelet}]",
            "{name: s, hostPath: {path: /var/lib/kubelet}}",
            False,
        ),
        ("volumeMounts: [{name: s, mountPath: /var/lib/kubelet/device-plugins}]", "{name: s, emptyDir: {}}", True),
        (
            "volumeMounts: [{name: s, mountPath: /var/lib/kubelet/device-plugins}]",
            "{name: s, hostPath: {path: /data/kubelet}}",
            True,
        ),
        ("args: [x]", SOCKETS, True),
        ("command: [gpu-feature-discovery]", "", False),
        ("command: [/usr/bin/mps-control-daemon]", "", False),
        ("command: [sh, -c, 'run me']", "", False),
    ],
)
def test_the_sockets_of_the_kubelet(container: str, volumes: str, found: bool) -> None:
    assert ("BP6586" in codes(daemons("k8s-device-plugin:v0.20.0", container, volumes))) is found


TAINTED = PoolOffer(
    "gpu", {"nvidia.com/gpu": 8}, taints=(Taint("nvidia.com/gpu", "true", "NoSchedule"),), labels={"pool": "gpu"}
)


@pytest.mark.parametrize(
    ("image", "spec", "found"),
    [
        ("node-feature-discovery:v0.19.0", "tolerations: []", True),
        ("node-feature-discovery:v0.19.0", "tolerations: [{operator: Exists}]", False),
        (
            "node-feature-discovery:v0.19.0",
            "tolerations: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]",
            True,
        ),
        ("node-feature-discovery:v0.19.0", "tolerations: [{key: nvidia.com/gpu, value: 'true'}]", False),
        ("node-feature-discovery:v0.19.0", "nodeSelector: {pool: cpu}", False),
        ("node-feature-discovery:v0.19.0", "nodeSelector: {pool: gpu}", True),
        ("k8s-device-plugin:v0.20.0", "tolerations: []", True),
        ("node-exporter:v1", "tolerations: []", False),
    ],
)
def test_what_has_to_be_on_nodes_with_gpus(image: str, spec: str, found: bool) -> None:
    text = daemons(image, "args: [x]").replace("      volumes: []", f"      {spec}")
    assert ("BP6003" in codes(text, TAINTED)) is found
    other = daemons(image, "args: [x]").replace("volumes: []", "tolerations: [{operator: Exists}]")
    both = f"{text}---\n{other.replace('name: d', 'name: e')}"
    assert "BP6003" not in codes(both, TAINTED), "another one is there"


@pytest.mark.parametrize(
    ("feature", "key", "value", "found"),
    [
        ("pci.device", "vendor", "10de", set()),
        ("pci.device", "vendor", "10DE", {"BP6589"}),
        ("pci.device", "class", "302", {"BP6589"}),
        ("pci.device", "class", "0x0302", {"BP6589"}),
        ("usb.device", "class", "0e", set()),
        ("pci.device", "sriov_totalvfs", "0", set()),
        ("pci.devices", "vendor", "10de", {"BP6588"}),
        ("kernel.loadedmodules", "vendor", "nouveau", {"BP6588"}),
        ("kernel.kvm", "vendor", "true", set()),
        ("kernel.kprobes", "vendor", "true", set()),
        ("something.entirely.new", "vendor", "10de", set()),
    ],
)
@pytest.mark.parametrize("alternative", [False, True])
def test_rules_of_node_feature_discovery(
    feature: str, key: str, value: str, found: set[str], alternative: bool
) -> None:
    match: Any = [{"feature": feature, "matchExpressions": {key: {"op": "In", "value": [value]}}}]
    rule = {"matchAny": [{"matchFeatures": match}]} if alternative else {"matchFeatures": match}
    data = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": "r"},
        "spec": {"rules": [{"name": "r", "labels": {"a": "b"}, **rule}]},
    }
    assert codes(yaml.safe_dump(data)) == found


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        ({"type": "Resource", "resource": {"name": "nvidia.com/gpu"}}, True),
        ({"type": "ContainerResource", "containerResource": {"name": "nvidia.com/gpu", "container": "c"}}, True),
        ({"type": "Resource", "resource": {"name": "cpu"}}, False),
        ({"type": "External", "external": {"metric": {"name": "gpu"}}}, False),
    ],
)
def test_what_an_autoscaler_can_measure(metric: dict[str, Any], found: bool) -> None:
    data = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "namespace": "n"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 2, "metrics": [metric]},
    }
    assert ("BP6587" in codes(yaml.safe_dump(data))) is found


@pytest.mark.parametrize(
    ("plugin", "config", "found"),
    [
        ("rdmaSharedDevicePlugin", '{"configList": []}', False),
        ("rdmaSharedDevicePlugin", '{"resourceList": []}', True),
        ("rdmaSharedDevicePlugin", "{configList: []}", True),
        ("sriovDevicePlugin", '{"resourceList": []}', False),
        ("sriovDevicePlugin", "[]", True),
        ("sriovDevicePlugin", "", False),
    ],
)
def test_configurations_of_network_plugins(plugin: str, config: str, found: bool) -> None:
    data = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {plugin: {"image": "i", "config": config}},
    }
    assert ("BP6584" in codes(yaml.safe_dump(data))) is found


SHARING = """
apiVersion: v1
kind: ConfigMap
metadata: {name: sharing, namespace: n}
data:
  any: |
    version: v1
    flags: {renameByDefault: true}
    sharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}
---
"""


def test_a_configuration_of_the_device_plugin_is_judged_whoever_reads_it() -> None:
    assert codes(SHARING) == {"BP6202", "BP6593"}
    reader = pod("args: [x]", "volumes: [{name: v, configMap: {name: sharing}}]")
    assert codes(SHARING + reader) == {"BP6202"}
    assert codes(SHARING.replace("timeSlicing", "other")) == set()
