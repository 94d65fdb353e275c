"""The operands that pools need, for ClusterPolicy, NVIDIADriver and the operands' files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import PoolOffer
from blueprint.diagnostics import define
from blueprint.effective.operator import Section

OPERAND_OFF = define("BP6480", "operand-switched-off", page=__file__)
PARTITION_CHANGED = define("BP6485", "partition-contradicts-pools", page=__file__)
KUBELET_ELSEWHERE = define("BP6488", "kubelet-root-contradicts-cluster", page=__file__)
_USUAL_KUBELET = "/var/lib/kubelet"


def modules_off(subject: Object, beside: Path, rdma: Path, pools: Iterable[PoolOffer]) -> Iterator[ObjectFinding]:
    """Kernel modules that pools need and that are not loaded; `beside` is the path of their sections."""
    places = {"gds": (*beside, "gds"), "gdrcopy": (*beside, "gdrcopy"), "peermem": rdma}
    pools = tuple(pools)
    for module, path in places.items():
        pool = next((each for each in pools if module in each.modules), None)
        if pool and Section(subject, path).value("enabled") is not True:
            where = ".".join(map(str, path))
            text = f"{where}.enabled is not true, but pool {pool.name} needs the kernel module of {module}"
            help_ = "remove the change, or the setting in the pool that needs the module"
            yield ObjectFinding(OPERAND_OFF, (*path, "enabled"), text, help_)


def kubelet_elsewhere(subject: Object, pools: Iterable[PoolOffer]) -> Iterator[ObjectFinding]:
    """A directory in which the operands do not find the kubelet of the pools' nodes."""
    section = Section(subject, ("spec", "hostPaths"))
    found = section.text("kubeletRootDir") or _USUAL_KUBELET
    pool = next((each for each in pools if each.kubelet_root), None)
    if pool and pool.kubelet_root and section.by_hand("kubeletRootDir") and found.rstrip("/") != pool.kubelet_root:
        text = f"spec.hostPaths.kubeletRootDir is {found}, but the kubelet of pool {pool.name} uses {pool.kubelet_root}"
        help_ = f"use {pool.kubelet_root}, or set spec.cluster.kubeletRoot of the blueprint"
        yield ObjectFinding(KUBELET_ELSEWHERE, ("spec", "hostPaths", "kubeletRootDir"), text, help_)
