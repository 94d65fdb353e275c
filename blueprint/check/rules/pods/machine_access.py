"""Access of Kata pods to the host and their virtual machine, and to claimed devices."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.common.containers import limit, pod_metadata
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

HOST_FILES = define("BP6490", "kata-host-files", page=__file__, severity=Severity.WARNING)
ANNOTATIONS = define("BP6491", "kata-annotations", page=__file__, severity=Severity.WARNING)
CLAIMS = define("BP6492", "kata-claims", page=__file__)
SOME_OF_A_NODE = define("BP6493", "some-gpus-of-a-confidential-node", page=__file__, severity=Severity.WARNING)
_PREFIX = "io.katacontainers."
_INIT_DATA = "io.katacontainers.config.hypervisor.cc_init_data"
_GPU, _SWITCH = "nvidia.com/pgpu", "nvidia.com/nvswitch"
_CONFIDENTIAL = ("-snp", "-tdx", "-snp-runtime-rs", "-tdx-runtime-rs")


@rule(HOST_FILES, tags=("kata",))
def host_files(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Host directories and devices in a pod with its own kernel."""
    name = _runtime_class(pod)
    if name is None:
        return
    for index, volume in enumerate(map(mapping, items(pod.spec.get("volumes")))):
        if "hostPath" in volume:
            path: Path = (*pod.path, "volumes", index, "hostPath")
            text = (
                f"{format_path(path, pod.subject.data)}: {name} runs the pod in a virtual machine, "
                "isolated from its host"
            )
            yield ObjectFinding(
                HOST_FILES, path, text, "use a volume that does not come from the host, or remove runtimeClassName"
            )
    for at, container in pod.containers:
        if inside(container, "securityContext", "privileged") is True:
            path = (*at, "securityContext", "privileged")
            text = (
                f"{format_path(path, pod.subject.data)} is true: the virtual machine would get the devices of its host"
            )
            yield ObjectFinding(HOST_FILES, path, text, "remove it: the pod has its own kernel")


@rule(ANNOTATIONS, tags=("kata",))
def by_annotation(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Annotations that configure the pod's virtual machine."""
    for key in mapping(pod_metadata(pod).get("annotations")):
        if str(key).startswith(_PREFIX) and key != _INIT_DATA:
            path: Path = (*pod.path[:-1], "metadata", "annotations", key)
            text = f"{format_path(path, pod.subject.data)} changes the pod's virtual machine"
            help_ = "remove it, and set it in the handler's configuration"
            yield ObjectFinding(ANNOTATIONS, path, text, help_)


@rule(CLAIMS, tags=("kata", "claims"))
def claims(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claimed devices, which Kata does not attach to its virtual machines."""
    name = _runtime_class(pod)
    if name is not None and items(pod.spec.get("resourceClaims")):
        path: Path = (*pod.path, "resourceClaims")
        text = f"{format_path(path, pod.subject.data)}: {name} does not pass claimed devices to the virtual machine"
        yield ObjectFinding(CLAIMS, path, text, f"request {_GPU}, or remove runtimeClassName")


@rule(SOME_OF_A_NODE, tags=("kata", "gpu-access"))
def some_of_a_node(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Several GPUs for a confidential virtual machine without the NVSwitches between them."""
    name = _runtime_class(pod)
    if name is None or not name.endswith(_CONFIDENTIAL):
        return
    number = sum(limit(container, _GPU) for _, container in pod.containers)
    switches = sum(limit(container, _SWITCH) for _, container in pod.containers)
    at = next((path for path, container in pod.containers if limit(container, _GPU)), None)
    if at is not None and number > 1 and not switches:
        path: Path = (*at, "resources", "limits", _GPU)
        text = (
            f"{format_path(path, pod.subject.data)}: a confidential virtual machine gets one GPU, or all GPUs of a node"
        )
        help_ = f"request 1, or on Hopper all GPUs of the node and its {_SWITCH}"
        yield ObjectFinding(SOME_OF_A_NODE, path, text, help_)


def _runtime_class(pod: DescribedPod) -> str | None:
    """The RuntimeClass of a pod that runs in a virtual machine."""
    name = pod.spec.get("runtimeClassName")
    return name if isinstance(name, str) and name.startswith("kata-") else None


RULES = (host_files, by_annotation, claims, some_of_a_node)
