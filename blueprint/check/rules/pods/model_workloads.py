"""Containers that train or serve models: parallelism, shared memory, probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import GPU, command_line, limit, literal_env
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.paths import format_path
from blueprint.units import as_count

PARALLEL_SIZE = define("BP6524", "parallel-size", page=__file__, severity=Severity.WARNING)
SHARED_MEMORY = define("BP6525", "shared-memory-small", page=__file__, severity=Severity.WARNING)
KILLED_WHILE_LOADING = define("BP6526", "killed-while-loading", page=__file__, severity=Severity.WARNING)
MEMORY_SHARE = define("BP6156", "memory-share-of-vllm", page=__file__, severity=Severity.WARNING)
_SERVES = lazy_pattern(r"\bvllm\s+serve\b|\bvllm\.entrypoints\.")
_SERVER_IMAGE = lazy_pattern(r"(.*/)?vllm-openai([:@].*)?")
"""The image of vLLM. Its entry point is the server, so manifests may contain only arguments."""
_SHARE = lazy_pattern(r"(?:^|\s)--gpu[-_]memory[-_]utilization[= ]\s*[\"']?(\d+(?:\.\d+)?)\b")
_SEVERAL_NODES = lazy_pattern(
    r"--(nnodes|node-rank|headless|data-parallel-address|distributed-executor-backend[= ]ray)\b"
)
_WITH_RAY = lazy_pattern(r"\bray start\b|multi-node-serving\.sh leader|--distributed-executor-backend[= ]ray\b")
"""How the leader of a group combines the GPUs of all its pods into one server."""
_SIZE = r"(?:^|\s)(?:{names})[= ]\s*[\"']?(\d{{1,9}})\b"
_SGLANG = lazy_pattern(r"\bsglang\.launch_server\b|\bdynamo\.sglang\b")
_SGLANG_FACTORS = {
    "tensor": lazy_pattern(_SIZE.format(names="--tensor-parallel-size|--tp-size|--tp")),
    "pipeline": lazy_pattern(_SIZE.format(names="--pipeline-parallel-size|--pp-size|--pp")),
}
_SGLANG_SPREADS = lazy_pattern(r"--(nnodes|dist-init-addr|dp|dp-size|data-parallel-size)\b")
"""Parallelism over several nodes, or data parallelism, which may or may not multiply the number of GPUs."""
_FACTORS = {
    "tensor": lazy_pattern(_SIZE.format(names="--tensor[-_]parallel[-_]size|-tp")),
    "pipeline": lazy_pattern(_SIZE.format(names="--pipeline[-_]parallel[-_]size|-pp")),
    "data": lazy_pattern(_SIZE.format(names="--data[-_]parallel[-_]size|-dp")),
}
_GROUPS = frozenset({"ray.io", "kubeflow.org", "trainer.kubeflow.org", "jobset.x-k8s.io", "batch.volcano.sh"})
"""API groups of workloads whose pods form one job."""
_SPREADS = lazy_pattern(r"\b(torchrun|torch\.distributed\.(run|launch)|deepspeed|accelerate launch|mpirun)\b")


@rule(PARALLEL_SIZE, tags=("serving",))
def parallel_size(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Parallel sizes of vLLM or SGLang that do not match the number of GPUs, on one node or in a group."""
    nodes = _nodes_together(pod)
    for path, container in pod.containers:
        line, count = command_line(container), limit(container, GPU)
        is_sglang = _SGLANG.search(line) is not None
        known = nodes == 1 and not _SGLANG_SPREADS.search(line) if is_sglang else _is_known(line, nodes)
        if not count or not (is_sglang or _serves(container)) or not known:
            continue
        server, factors = ("SGLang", _SGLANG_FACTORS) if is_sglang else ("vLLM", _FACTORS)
        sizes = {name: int(found[1]) for name, each in factors.items() if (found := each.search(line))}
        ranks = sizes.get("tensor", 1) * sizes.get("pipeline", 1) * sizes.get("data", 1)
        if sizes and ranks != count * nodes:
            at = (*path, "resources", "limits", GPU)
            listed = " times ".join(f"{name}-parallel-size {size}" for name, size in sizes.items())
            each = f"{count} on each of {nodes} nodes" if nodes > 1 else f"{count}"
            text = f"{format_path(at, pod.subject.data)} is {each}, but {server} uses {ranks}: {listed}"
            help_ = f"set {GPU}: {ranks // nodes}, or use sizes whose product is {count * nodes}"
            yield ObjectFinding(PARALLEL_SIZE, at, text, help_)


def _serves(container: Mapping[str, Any]) -> bool:
    """Whether it runs vLLM's server, by its command, or by its image if there is no command."""
    usual = not container.get("command") and _SERVER_IMAGE.fullmatch(str(container.get("image")))
    return bool(usual or _SERVES.search(command_line(container)))


def _nodes_together(pod: DescribedPod) -> int:
    """The number of pods of the object that work together; 0 if unknown."""
    subject = pod.subject
    component = mapping(value_at(subject.data, pod.path[:-2]))
    if {"leaderWorkerPattern", "leader", "worker"} & {*pod.path} or "multinode" in component:
        return 0
    if subject.id.kind == "LeaderWorkerSet":
        return as_count(inside(subject.data, "spec", "leaderWorkerTemplate", "size") or 1) or 0
    return 0 if subject.id.group in _GROUPS else 1


def _is_known(line: str, nodes: int) -> bool:
    """Whether the ranks match all GPUs of the nodes."""
    return bool(_WITH_RAY.search(line)) if nodes > 1 else nodes == 1 and not _SEVERAL_NODES.search(line)


@rule(SHARED_MEMORY, tags=("performance",))
def shared_memory(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Several processes on several GPUs with the container runtime's default of 64 MiB for /dev/shm."""
    if pod.spec.get("hostIPC") is True or pod.subject.id.group == "ray.io":  # KubeRay itself mounts a larger one.
        return
    for path, container in pod.containers:
        if limit(container, GPU) > 1 and _uses_several(container, path) and not _mounts_shm(container):
            text = f"{format_path(path, pod.subject.data)} runs on several GPUs, but its /dev/shm has only 64 MiB"
            help_ = "mount an emptyDir with medium: Memory at /dev/shm; it counts towards the memory limit"
            yield ObjectFinding(SHARED_MEMORY, path, text, help_)


def _uses_several(container: Mapping[str, Any], path: Path) -> bool:
    """Whether its command certainly communicates between GPUs through NCCL."""
    line = command_line(container)
    size = _FACTORS["tensor"].search(line) if _serves(container) else None
    if _SPREADS.search(line) or (size and int(size[1]) > 1):
        return not any(name == "NCCL_SHM_DISABLE" and value == "1" for _, name, value in literal_env(container, path))
    return False


def _mounts_shm(container: Mapping[str, Any]) -> bool:
    mounts = map(mapping, items(container.get("volumeMounts")))
    return any(str(each.get("mountPath")).rstrip("/") in ("/dev/shm", "/dev") for each in mounts)  # noqa: S108


class LoadingTime(Record):
    """The time that a server may take to load its model.

    Attributes:
        seconds: The minimum that a liveness probe must allow if there is no startup probe.
    """

    seconds: int = 120


@rule(KILLED_WHILE_LOADING, tags=("serving", "reliability"), options=LoadingTime())
def killed_while_loading(pod: DescribedPod, context: RuleContext, options: LoadingTime) -> Iterator[ObjectFinding]:
    """Model servers that a liveness probe restarts before the weights are loaded."""
    for path, container in pod.containers:
        probe = mapping(container.get("livenessProbe"))
        if not probe or container.get("startupProbe") or not _serves(container):
            continue
        patience = _number(probe, "initialDelaySeconds", 0)
        patience += _number(probe, "periodSeconds", 10) * _number(probe, "failureThreshold", 3)
        if limit(container, GPU) and patience < options.seconds:
            at = (*path, "livenessProbe")
            text = (
                f"{format_path(at, pod.subject.data)} restarts the server after {patience} s, but loading takes longer"
            )
            yield ObjectFinding(KILLED_WHILE_LOADING, at, text, "add a startupProbe that allows several minutes")


def _number(probe: Mapping[Any, Any], field: str, usual: int) -> int:
    value = inside(probe, field)
    return value if isinstance(value, int) and value else usual


@rule(MEMORY_SHARE, tags=("serving",))
def memory_share(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A share of GPU memory greater than 1."""
    for path, container in pod.containers:
        share = _SHARE.search(command_line(container)) if _serves(container) else None
        if share and float(share[1]) > 1:
            text = f"{format_path(path, pod.subject.data)}: --gpu-memory-utilization is {share[1]}, which is above 1"
            at = (*path, "args" if container.get("args") else "command")
            yield ObjectFinding(MEMORY_SHARE, at, text, "write a share between 0 and 1, such as 0.9")


RULES = (parallel_size, shared_memory, killed_while_loading, memory_share)
