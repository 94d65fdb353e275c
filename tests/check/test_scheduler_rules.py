"""BP6529 and BP6530, case by case: GPU fractions with KAI Scheduler, and GPUs of containers in virtual machines."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import USERS, Object
from blueprint.check.runner import run_rules
from tests.support.rule_facts import context

FRACTION, MEMORY, DEVICES, MPS = "gpu-fraction", "gpu-memory", "gpu-fraction-num-devices", "mps"
BOTH = "is combined with a limit of nvidia.com/gpu: a pod gets part of a GPU, or whole GPUs"
TWO_SHARES = "is combined with gpu-memory: both set the share of the GPU"
WHOLE = "remove the limit of nvidia.com/gpu, or the annotation"
SHARE = "set gpu-fraction or gpu-memory, or remove it"


def findings(code: str, annotations: dict[str, Any], amount: Any = None, **spec: Any) -> list[tuple[str, str, str]]:
    """For each finding with a code: the last key of the path, the text after the field, and the help."""
    limits = {} if amount is None else {"nvidia.com/gpu": amount}
    container = {"name": "main", "image": "registry.example/app:1.4", "resources": {"limits": limits}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "job", "namespace": "team", "annotations": annotations},
        "spec": {"containers": [container], **spec},
    }
    found = run_rules(context([Object(pod, USERS)])).diagnostics
    mine = [each for each in found if each.code.id == code]
    return [(each.path or "", each.message.partition("Pod/team/job: ")[2], each.help or "") for each in mine]


def field(key: str) -> str:
    """The field of an annotation, as findings name it."""
    return f"metadata.annotations.{key}"


@pytest.mark.parametrize(
    ("annotations", "amount", "expected"),
    [
        ({FRACTION: "0.5"}, None, []),
        ({FRACTION: "0.5", DEVICES: "2", MPS: "true"}, None, []),
        ({MEMORY: "2000"}, 0, []),
        ({MEMORY: "007"}, None, []),
        ({MPS: "false"}, None, []),
        ({}, 8, []),
        ({FRACTION: "0"}, None, [(FRACTION, "is 0, which is not between 0 and 1")]),
        ({FRACTION: "1"}, None, [(FRACTION, "is 1, which is not between 0 and 1")]),
        ({FRACTION: "half"}, None, [(FRACTION, "is half, which is not between 0 and 1")]),
        ({MEMORY: "0"}, None, [(MEMORY, "is 0, which is not a whole number of MiB")]),
        ({MEMORY: "2Gi"}, None, [(MEMORY, "is 2Gi, which is not a whole number of MiB")]),
        ({FRACTION: "0.5", DEVICES: "1.5"}, None, [(DEVICES, "is 1.5, which is not a whole number of GPUs")]),
        ({DEVICES: "2"}, None, [(DEVICES, "needs gpu-fraction or gpu-memory")]),
        ({MPS: "true"}, None, [(MPS, "needs gpu-fraction or gpu-memory")]),
        ({FRACTION: "0.5"}, 1, [(FRACTION, BOTH)]),
        ({MEMORY: "2000"}, 1, [(MEMORY, BOTH)]),
        ({FRACTION: "0.5", MEMORY: "2000"}, None, [(FRACTION, TWO_SHARES)]),
        ({"gpuFraction": "0.5"}, None, [("gpuFraction", "is not read by KAI Scheduler")]),
        ({FRACTION: "0.5", "example.org/gpu_fraction": "0.5", "gpu-model": "a"}, None, []),
    ],
)  # fmt: skip
def test_parts_of_gpus(annotations: dict[str, str], amount: int | None, expected: list[tuple[str, str]]) -> None:
    found = findings("BP6529", annotations, amount, schedulerName="kai-scheduler")
    assert [(path, text) for path, text, _ in found] == [(field(key), f"{field(key)} {text}") for key, text in expected]
    assert findings("BP6529", annotations, amount, schedulerName="default-scheduler") == []


@pytest.mark.parametrize(
    ("annotations", "amount", "way_out"),
    [
        ({FRACTION: "0.5"}, 1, WHOLE),
        ({FRACTION: "0.5", MEMORY: "2000"}, None, "remove gpu-memory, or gpu-fraction"),
        ({FRACTION: "2"}, None, 'use "0.5" for half a GPU; for whole GPUs, set a limit of nvidia.com/gpu'),
        ({MEMORY: "some"}, None, 'use a number such as "2000"'),
        ({DEVICES: "2"}, None, SHARE),
        ({"nvidia.com/gpu.memory": "8000"}, None, "the annotation is gpu-memory"),
    ],
)
def test_the_suggested_fixes_for_gpu_fractions(annotations: dict[str, str], amount: int | None, way_out: str) -> None:
    found = findings("BP6529", annotations, amount, schedulerName="kai-scheduler")
    assert [help_ for _, _, help_ in found] == [way_out]


def test_the_annotations_of_a_template_are_named_there() -> None:
    pod = {"schedulerName": "kai-scheduler", "containers": [{"name": "main", "image": "registry.example/app:1.4"}]}
    template = {"metadata": {"labels": {"app": "a"}, "annotations": {FRACTION: "2"}}, "spec": pod}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve", "namespace": "team"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template},
    }
    found = run_rules(context([Object(deployment, USERS)])).diagnostics
    assert [each.path for each in found if each.code.id == "BP6529"] == [
        f"spec.template.metadata.annotations.{FRACTION}"
    ]


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("karpenter.sh/v1alpha5", "Provisioner", [("kind", "use NodePool of karpenter.sh/v1")]),
        ("karpenter.k8s.aws/v1alpha1", "AWSNodeTemplate", [("kind", "use EC2NodeClass of karpenter.k8s.aws/v1")]),
        ("karpenter.sh/v1beta1", "NodePool", [("apiVersion", "karpenter.sh/v1")]),
        ("karpenter.k8s.aws/v1beta1", "EC2NodeClass", [("apiVersion", "karpenter.k8s.aws/v1")]),
        ("karpenter.sh/v1", "NodePool", []),
        ("other.example/v1beta1", "NodePool", []),
    ],
)
def test_what_karpenter_dropped(version: str, kind: str, expected: list[tuple[str, str]]) -> None:
    """BP6562 points at the field to change."""
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": "gpu"}, "spec": {}}
    found = run_rules(context([]), malformed=[Object(data, USERS)]).diagnostics
    assert [(each.path, each.help) for each in found if each.code.id == "BP6562"] == expected


@pytest.mark.parametrize(
    ("runtime", "amount", "is_found"),
    [("kata-qemu", 1, True), ("kata-qemu", 0, False), ("kata-qemu", None, False), ("nvidia", 1, False), (7, 1, False)],
)
def test_gpus_of_containers_in_machines(runtime: Any, amount: int | None, is_found: bool) -> None:
    found = findings("BP6530", {}, amount, runtimeClassName=runtime)
    path = 'spec.containers[name=main].resources.limits["nvidia.com/gpu"]'
    text = f"{path}: the RuntimeClass {runtime} runs the pod in a virtual machine"
    help_ = "request nvidia.com/pgpu, or the name in P_GPU_ALIAS of the Kata device plugin"
    assert found == ([(path, text, help_)] if is_found else [])


@pytest.mark.parametrize(
    ("handler", "amount"), [("kata-qemu-nvidia-gpu", "10240Mi"), ("kata-qemu", "320Mi"), ("runc", None)]
)
def test_the_overhead_of_a_machine(handler: str, amount: str | None) -> None:
    """BP6543 states for the handler the overhead that kata-deploy uses."""
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "a"}, "handler": handler}
    found = [each for each in run_rules(context([Object(runtime, USERS)])).diagnostics if each.code.id == "BP6543"]
    expected = [("handler", f"kata-deploy uses {amount} for such a handler")] if amount else []
    assert [(each.path, each.help) for each in found] == expected
    partly = {**runtime, "overhead": {"podFixed": {"cpu": "1"}}}
    whole = {**runtime, "overhead": {"podFixed": {"memory": "1Gi"}}}
    for data, is_found in ((partly, amount is not None), (whole, False)):
        codes = [each.code.id for each in run_rules(context([Object(data, USERS)])).diagnostics]
        assert ("BP6543" in codes) is is_found
