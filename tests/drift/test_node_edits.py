"""Every edit that makes a GPU node unusable is reported once, with the recorded writer; normal marks never are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprint.apiserver.connection import Connection
from blueprint.diagnostics import Severity
from blueprint.drift.model import FoundIn
from tests.support.node_pools import DECLARED, LABEL, Nodes, about, pool

ERROR, WARNING = Severity.ERROR, Severity.WARNING
STATE, MIG = "nvidia.com/gpu-driver-upgrade-state", "nvidia.com/mig.config.state"
OFED = "nvidia.com/ofed-driver-upgrade-state"


def label(key: str, value: str | None) -> dict[str, Any]:
    return {"metadata": {"labels": {key: value}}}


def annotation(key: str, value: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {key: value}}}


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> dict[str, Any]:
    extra = {"key": key, "effect": effect} | ({"value": value} if value else {})
    return {"spec": {"taints": [DECLARED, extra]}}


CORDON: dict[str, Any] = {"spec": {"unschedulable": True}}


@dataclass(frozen=True)
class Edit:
    """A write to a node, and how it must be reported: code, severity, path."""

    body: dict[str, Any]
    manager: str
    code: str
    severity: Severity
    path: str

    @property
    def name(self) -> str:
        return f"{self.path} by {self.manager}"


def on_label(key: str, value: str, manager: str, code: str = "BP8060", severity: Severity = ERROR) -> Edit:
    return Edit(label(key, value), manager, code, severity, f'metadata.labels["{key}"]')


def on_annotation(key: str, value: str, manager: str) -> Edit:
    return Edit(annotation(key, value), manager, "BP8060", ERROR, f'metadata.annotations["{key}"]')


def on_taint(key: str, effect: str, manager: str, code: str = "BP8062", severity: Severity = ERROR) -> Edit:
    return Edit(taint(key, effect), manager, code, severity, f"spec.taints[key={key},effect={effect}]")


COMPONENTS = (
    "driver", "container-toolkit", "device-plugin", "gpu-feature-discovery", "dcgm", "dcgm-exporter", "mig-manager",
    "node-status-exporter", "operator-validator", "client", "vfio-manager", "sandbox-device-plugin", "cc-manager",
    "dra-driver", "not-invented-yet",
)  # fmt: skip
EDITS = [
    *(on_label(f"nvidia.com/gpu.deploy.{name}", "false", "kubectl-label") for name in COMPONENTS),
    on_label("nvidia.com/gpu.deploy.operands", "false", "kubectl-label"),
    on_label("nvidia.com/gpu.deploy.driver", "no", "mallory"),
    on_label("nvidia.com/gpu.present", "false", "kubectl-label"),
    on_label("nvidia.com/mig.config", "all-1g.10gb", "kubectl-label"),
    on_label("nvidia.com/device-plugin.config", "shared", "kubectl-edit"),
    on_label("nvidia.com/gpu.workload.config", "vm-passthrough", "kubectl-label"),
    on_label("nvidia.com/gpu.workload.config", "vm-vgpu", "kubectl-label"),
    on_label("nvidia.com/vgpu.config", "A100-4C", "kubectl-label"),
    on_label("nvidia.com/mps.capable", "true", "kubectl-label"),
    on_label("nvidia.com/cc.mode", "on", "kubectl-label"),
    on_label("nvidia.com/gpu-driver-upgrade.skip", "true", "kubectl-label"),
    on_label("nvidia.com/ofed-driver-upgrade.skip", "true", "kubectl-label"),
    on_label("feature.node.kubernetes.io/pci-10de.present", "false", "kubectl-label"),
    on_annotation("nvidia.com/gpu-driver-upgrade-enabled", "false", "kubectl-annotate"),
    on_annotation("nvidia.com/gpu-driver-upgrade-requested", "true", "kubectl-annotate"),
    on_annotation("nvidia.com/ofed-driver-upgrade-requested", "true", "kubectl-annotate"),
    Edit(CORDON, "kubectl-cordon", "BP8061", ERROR, "spec.unschedulable"),
    Edit(CORDON, "gpu-operator", "BP8061", ERROR, "spec.unschedulable"),  # it does not indicate an upgrade
    on_taint("maintenance", "NoSchedule", "kubectl-taint"),
    on_taint("maintenance", "NoExecute", "mallory"),
    on_taint("node.kubernetes.io/out-of-service", "NoExecute", "kubectl-taint"),
    on_taint("ToBeDeletedByClusterAutoscaler", "NoSchedule", "kubectl-taint"),  # its name alone is not enough
    on_taint("node.kubernetes.io/not-ready", "NoExecute", "kubectl-taint"),
    on_taint("datacentre/rack", "NoSchedule", "kubelet", "BP8072", WARNING),
    on_taint("node.kubernetes.io/not-ready", "NoExecute", "kube-controller-manager", "BP8063", WARNING),
    on_taint("node.kubernetes.io/unreachable", "NoExecute", "kube-controller-manager", "BP8063", WARNING),
    on_taint("node.kubernetes.io/disk-pressure", "NoSchedule", "kube-controller-manager", "BP8063", WARNING),
    on_taint("node.cloudprovider.kubernetes.io/uninitialized", "NoSchedule", "kubelet", "BP8064", WARNING),
    on_taint("ToBeDeletedByClusterAutoscaler", "NoSchedule", "cluster-autoscaler", "BP8064", WARNING),
    on_taint("karpenter.sh/disrupted", "NoSchedule", "karpenter", "BP8064", WARNING),
    *(on_label(key, "upgrade-failed", manager, "BP8065") for key, manager in
      ((STATE, "gpu-operator"), (OFED, "manager"))),
    *(on_label(STATE, state, "gpu-operator", "BP8063", WARNING) for state in
      ("upgrade-required", "cordon-required", "wait-for-jobs-required", "pod-deletion-required", "drain-required",
       "node-maintenance-required", "pod-restart-required", "validation-required", "uncordon-required")),
    *(on_label(MIG, state, "nvidia-mig-manager", "BP8063", WARNING) for state in ("pending", "rebooting")),
    on_label(MIG, "failed", "nvidia-mig-manager", "BP8065"),
    on_label("nvidia.com/vgpu.config.state", "failed", "nvidia-k8s-vgpu-dm", "BP8065"),
    on_label("nvidia.com/cc.mode.state", "failed", "k8s-cc-manager", "BP8065"),
    on_label("network.nvidia.com/operator.mofed.wait", "true", "network-operator", "BP8063", WARNING),
]  # fmt: skip

NORMAL = [
    *((label(f"nvidia.com/gpu.deploy.{name}", "true"), "gpu-operator") for name in ("operands", *COMPONENTS)),
    (label("nvidia.com/gpu.deploy.driver", "pre-installed"), "driver-manager"),
    *((label(f"nvidia.com/gpu.deploy.{name}", f"paused-for-{why}"), manager)
      for name in ("device-plugin", "dcgm", "client")
      for why, manager in (("mig-change", "nvidia-mig-manager"), ("driver-upgrade", "driver-manager"))),
    (label("nvidia.com/gpu.present", "true"), "gpu-operator"),
    (label("nvidia.com/mig.config", "all-disabled"), "gpu-operator"),
    (label("nvidia.com/gpu.workload.config", "container"), "kubectl-label"),
    (label(MIG, "success"), "nvidia-mig-manager"),
    (label(STATE, "upgrade-done"), "gpu-operator"),
    (label(STATE, ""), "gpu-operator"),
    (label(OFED, "upgrade-done"), "manager"),
    (label("network.nvidia.com/operator.mofed.wait", "false"), "network-operator"),
    (annotation("nvidia.com/gpu-driver-upgrade-enabled", "true"), "gpu-operator"),
    (annotation("nvidia.com/gpu-driver-upgrade-validation-start-time", "1764400000"), "gpu-operator"),
    (annotation("node.alpha.kubernetes.io/ttl", "0"), "kube-controller-manager"),
    *((label(key, value), "nfd-master") for key, value in (
        ("nvidia.com/mps.capable", "true"), ("nvidia.com/mps.capable", "false"), ("nvidia.com/mig.capable", "true"),
        ("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3"), ("nvidia.com/gpu.count", "8"),
        ("nvidia.com/mig.strategy", "single"), ("nvidia.com/vgpu.present", "false"),
        ("feature.node.kubernetes.io/pci-10de.present", "true"))),
    (label("topology.kubernetes.io/zone", "a"), "cloud-controller-manager"),
    (taint("spot", "PreferNoSchedule"), "kubectl-taint"),
    (taint("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule"), "cluster-autoscaler"),
    ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "kubelet"),
]  # fmt: skip


@pytest.fixture(scope="module")
def nodes(connection: Connection) -> Nodes:
    return Nodes(connection, 0)


@pytest.fixture(scope="module")
def numbers() -> Any:
    return iter(range(10_000))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_is_reported_once_with_its_writer_and_its_severity(nodes: Nodes, numbers: Any, edit: Edit) -> None:
    number = next(numbers)
    nodes.create(number)
    nodes.patch(number, edit.body, edit.manager)

    report = nodes.drift(pool(nodes.mark, nodes_min=0, nodes_max=10_000))

    subject = f"Node/{nodes.name(number)}"
    [finding] = [each for each in report.findings if each.subject == subject]
    [told] = about(report, subject)
    assert (told.code.id, told.code.severity, finding.path) == (edit.code, edit.severity, edit.path)
    assert finding.writer
    assert finding.writer.manager == edit.manager
    assert (finding.found_in, finding.restorable, nodes.name(number) in told.message) == (FoundIn.NODE, False, True)
    assert told.at, "the line of the pool is not named"


@pytest.mark.parametrize(("body", "manager"), NORMAL, ids=lambda value: value if isinstance(value, str) else None)
def test_normal_marks_of_operators_are_clean(nodes: Nodes, numbers: Any, body: dict[str, Any], manager: str) -> None:
    number = next(numbers)
    nodes.create(number)
    nodes.patch(number, body, manager, status="status" in body)

    report = nodes.drift(pool(nodes.mark, nodes_min=0, nodes_max=10_000))

    assert about(report, f"Node/{nodes.name(number)}") == []


@pytest.mark.parametrize(
    ("state", "key", "manager", "code"),
    [
        ("cordon-required", STATE, "gpu-operator", "BP8063"),
        ("upgrade-failed", STATE, "gpu-operator", "BP8063"),
        ("drain-required", OFED, "manager", "BP8063"),
        ("cordon-required", STATE, "kubectl-cordon", "BP8061"),  # a person, while the operator is working
        ("upgrade-done", STATE, "gpu-operator", "BP8061"),  # the operator, which reports that it has finished
        ("pending", MIG, "nvidia-mig-manager", "BP8061"),  # does not cordon
    ],
)
def test_a_cordon_is_excused_by_writer_and_state_together(
    nodes: Nodes, numbers: Any, state: str, key: str, manager: str, code: str
) -> None:
    number = next(numbers)
    nodes.create(number)
    nodes.patch(number, label(key, state), "gpu-operator")
    nodes.patch(number, CORDON | {}, manager)

    report = nodes.drift(pool(nodes.mark, nodes_min=0, nodes_max=10_000))

    told = [t for t in about(report, f"Node/{nodes.name(number)}") if t.path == "spec.unschedulable"]
    assert [each.code.id for each in told] == [code]


def test_a_node_that_an_autoscaler_takes_away_leaves_the_exit_code_alone(connection: Connection) -> None:
    own = Nodes(connection, 1)
    own.patch(0, taint("ToBeDeletedByClusterAutoscaler"), "cluster-autoscaler")
    ranged = pool(own.mark, nodes=0, nodes_max=4)

    gone = own.drift(ranged)
    own.patch(0, CORDON, "cluster-autoscaler")
    cordoned = own.drift(ranged)

    assert (gone.exit_code, [t.code.id for t in about(gone, f"Node/{own.name(0)}")]) == (0, ["BP8064"])
    assert (cordoned.exit_code, {t.code.id for t in about(cordoned, f"Node/{own.name(0)}")}) == (0, {"BP8064"})


def test_a_taint_names_the_objects_whose_pods_it_keeps_away(connection: Connection) -> None:
    own = Nodes(connection, 2)
    own.patch(0, taint("maintenance", "NoExecute"), "kubectl-taint")
    tolerated = [{"key": "example.org/gpu", "operator": "Exists"}]
    policy = {
        "apiVersion": "nvidia.com/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": f"policy-{own.mark}"},
        "spec": {"daemonsets": {"tolerations": tolerated}},
    }

    report = own.drift(objects=(policy,))

    [told] = about(report, f"Node/{own.name(0)}")
    assert any(f"do not tolerate it: ClusterPolicy/policy-{own.mark}" in note.message for note in told.notes)


def test_nobody_is_named_for_a_taint_that_our_own_apply_only_kept(connection: Connection) -> None:
    own = Nodes(connection, 2)
    own.patch(0, taint("maintenance"), "kubectl-taint")
    own.patch(
        0, {"spec": {"taints": [{"key": "maintenance", "effect": "NoSchedule"}, DECLARED]}}, f"blueprint:{own.mark}"
    )

    [finding] = own.drift().findings

    assert (finding.path, finding.writer) == ("spec.taints[key=maintenance,effect=NoSchedule]", None)


def test_a_label_that_the_pool_declares_is_not_a_mark_of_others(connection: Connection) -> None:
    own = Nodes(connection, 1)
    key = "nvidia.com/gpu.deploy.driver"
    own.patch(0, label(key, "false"), "provisioner")

    report = own.drift(pool(own.mark, nodes=1, labels={LABEL: "all", key: "false"}))

    assert report.findings == ()


def test_a_pool_without_gpus_has_no_gpu_stack_to_steer(connection: Connection) -> None:
    own = Nodes(connection, 1)
    own.patch(0, label("nvidia.com/gpu.deploy.operands", "false"), "kubectl-label")

    assert own.drift(pool(own.mark, nodes=1, gpu_product=None, gpu_count=0)).findings == ()


def test_standalone_components_obey_no_label_of_the_gpu_operator(connection: Connection) -> None:
    """No component acts on it there, so it is not reported; the device plugin's own label is."""
    from blueprint.records import replace
    from tests.support.drift_platform import Applied, bundle_of

    own = Nodes(connection, 1)
    own.patch(0, label("nvidia.com/gpu.deploy.driver", "false"), "kubectl-label")
    own.patch(0, label("nvidia.com/device-plugin.config", "odd"), "kubectl-label")
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": own.mark, "namespace": "default"}}
    bundle = bundle_of(own.mark, [configuration], pools=(pool(own.mark, nodes=1),))
    standalone = replace(bundle, objects=tuple(replace(o, component="k8s-device-plugin") for o in bundle.objects))

    report = Applied(standalone, "", own.connection).drift()

    found = [each.path for each in report.findings if each.found_in is FoundIn.NODE]
    assert found == ['metadata.labels["nvidia.com/device-plugin.config"]']


APART = [edit for edit in EDITS if "labels" in edit.path or "annotations" in edit.path or edit.manager == "mallory"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.sampled_from(APART), min_size=1, max_size=6, unique_by=lambda edit: edit.path))
def test_any_set_of_edits_is_reported_edit_by_edit_with_the_right_writers(
    nodes: Nodes, numbers: Any, chosen: list[Edit]
) -> None:
    """Each by a manager of its own, in random order, on one node."""
    number = next(numbers)
    nodes.create(number)
    expected = {}
    for each, edit in enumerate(chosen):
        accused = edit.code in {"BP8060", "BP8062"}
        manager = f"writer-{each}" if accused else edit.manager
        nodes.patch(number, edit.body, manager)
        expected[edit.path] = manager

    report = nodes.drift(pool(nodes.mark, nodes_min=0, nodes_max=10_000))

    findings = [each for each in report.findings if each.subject == f"Node/{nodes.name(number)}"]
    found = {each.path: each.writer.manager if each.writer else None for each in findings}
    assert len(findings) == len(found), "something is told twice"
    assert found == expected
