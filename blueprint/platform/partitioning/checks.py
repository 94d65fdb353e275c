"""Checks of GPU partitioning (MIG) and sharing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.partitioning import codes
from blueprint.platform.partitioning.layout import PoolLayout
from blueprint.platform.partitioning.layout_checks import check_layout
from blueprint.platform.partitioning.model import (
    FEW_CLIENTS,
    MANY_CLIENTS_FROM,
    MissingManager,
    has_few_clients,
)
from blueprint.platform.paths import GPU_STACK, POOLS
from blueprint.platform.pool import GpuPool
from blueprint.source.paths import Path

_STACK = GPU_STACK
_LABELS = {"mig": "nvidia.com/mig.config", "sharing": "nvidia.com/device-plugin.config"}
_MIG_MANAGER = "migManager"
_WHY_NOT_APPLIED: dict[MissingManager, tuple[Path, str]] = {
    MissingManager.STANDALONE_STACK: (_STACK, "there is no MIG manager without the operator"),
    MissingManager.NODE_IMAGE: (
        ("spec", "cluster", "os"),
        "these nodes are partitioned by their own settings, at boot",
    ),
    MissingManager.SWITCHED_OFF: ((_MIG_MANAGER,), "the MIG manager is disabled"),
}
"""Settings that prevent a declared MIG layout from being applied: a path or the name of a setting, and why."""


def check_partitioning(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool alone, then what the pools must agree on."""
    for pool in context.gpu_pools:
        if pool.partition.layout is None and not pool.partition.shared:
            continue
        for check in _OF_ANY_STACK if pool.claimed else _OF_DEVICE_PLUGINS:
            yield from check(context, pool)
    yield from _strategies_differ(context)


def _sound_layout(pool: GpuPool) -> PoolLayout | None:
    """The layout of a pool, if it has no conflicts."""
    layout = pool.partition.layout
    return layout if layout and layout.possible and pool.gpu.catalogued else None


def _unmanaged(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Settings that nothing on this platform applies."""
    what = "mig" if pool.partition.layout else "sharing"
    standalone = pool.stack == "standalone"
    provider = context.catalog.provider_of("devicePlugin", pool.stack)
    if standalone and what == "mig":
        because = _STACK
        reason, help_ = "the standalone stack has no MIG manager", f"use gpuStack: operator, or remove {what}"
    elif (writer := context.platform.release_components[provider]).ownership != "managed":
        because = ("spec", "components", provider, "ownership")
        reason = f"{provider} is {writer.ownership}, so nothing configures it"
        help_ = f"set {provider} to managed, or remove {what}"
    else:
        return
    node, _ = context.root.nearest(because)
    notes = (Note("because of this", node.span),)
    message, path = f"pool {pool.name} declares {what}, but {reason}", (*POOLS, pool.name, "gpu", what)
    yield context.diagnostic_at_key(path, codes.PARTITION_UNMANAGED, message, notes=notes, help_=help_)


def _unapplied_layout(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A layout that no MIG manager applies."""
    missing = context.platform.partitioning.missing_manager if pool.partition.layout else ()
    others = MissingManager.STANDALONE_STACK if pool.claimed else None
    because = next((_WHY_NOT_APPLIED[one] for one in missing if one in _WHY_NOT_APPLIED and one is not others), None)
    if because is not None:
        message, path = f"no component applies the MIG layout of pool {pool.name}", (*POOLS, pool.name, "gpu", "mig")
        help_ = "partition the GPUs outside of Kubernetes, or use another GPU stack or node image"
        where, why = because
        notes = (context.note(context.setting_path(_MIG_MANAGER) if where == (_MIG_MANAGER,) else where, why),)
        yield context.diagnostic_at(path, codes.LAYOUT_NOT_APPLIED, message, notes=notes, help_=help_)


def _unapplied_sharing(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Sharing on nodes whose device plugin is not managed."""
    owner = pool.mode.device_plugin
    if pool.partition.shared and owner != "operator":
        message = f"the device plugin of pool {pool.name} is supplied by the {owner}, so sharing cannot be set here"
        notes = (context.note((*POOLS, pool.name, "owner", "devicePlugin"), "the owner is determined here"),)
        path: Path = (*POOLS, pool.name, "gpu", "sharing")
        help_ = "configure sharing in that device plugin, and remove it here"
        if owner == "host":
            help_ += "; or set owner: {driver: host, toolkit: host} to let this platform run the device plugin"
        yield context.diagnostic_at(path, codes.SHARING_NOT_APPLIED, message, notes=notes, help_=help_)


def _labels(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Labels of our own configuration in the pool's selector."""
    declared = {"mig": pool.partition.layout is not None, "sharing": pool.partition.shared}
    for key, label in _LABELS.items():
        if declared[key] and label in pool.selector:
            node, _ = context.root.nearest((*POOLS, pool.name, "gpu", key))
            notes = (Note(f"{key} determines that label", node.key_span or node.span),)
            message = f"pool {pool.name} is selected by {label}, but its {key} determines that label"
            path = (*POOLS, pool.name, "selector", label)
            help_ = "select the nodes by another label"
            yield context.diagnostic_at_key(path, codes.PARTITION_LABEL_TAKEN, message, notes=notes, help_=help_)


def _not_single(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """The strategy `single` with GPUs that are not all partitioned alike."""
    layout = _sound_layout(pool)
    if layout is None or layout.only_profile or pool.partition.declared_strategy != "single":
        return
    whole = layout.whole_devices
    why = f"GPU {whole[0]} stays whole" if whole else f"the layout has {' and '.join(layout.profiles)}"
    message = f"strategy single requires that all GPUs have the same single profile, but {why}"
    path = (*POOLS, pool.name, "gpu", "mig", "strategy")
    yield context.diagnostic_at(path, codes.MIG_NOT_SINGLE, message, help_="use mixed, or remove strategy", fix="mixed")


def _strategies_differ(context: CheckContext) -> Iterator[Diagnostic]:
    """Different strategies. The cluster has one, so what one pool requires must be possible for all."""
    pools = [(pool, layout) for pool in context.gpu_pools if not pool.claimed and (layout := _sound_layout(pool))]
    mixed = next((pool.name for pool, _ in pools if _insists_on_mixed(pool)), "")
    for pool, layout in pools if mixed else ():
        if pool.partition.declared_strategy == "single" and layout.only_profile:
            node, _ = context.root.nearest((*POOLS, mixed, "gpu", "mig", "strategy"))
            notes = (Note(f"{mixed} needs mixed", node.key_span or node.span),)
            message = f"the cluster has one MIG strategy: pool {mixed} needs mixed, so {pool.name} cannot have single"
            path, help_ = (*POOLS, pool.name, "gpu", "mig", "strategy"), "remove strategy"
            yield context.diagnostic_at(
                path, codes.MIG_STRATEGIES_DIFFER, message, notes=notes, help_=help_, fix="mixed"
            )


def _insists_on_mixed(pool: GpuPool) -> bool:
    """Whether a pool requires the strategy `mixed`. One that declares `single` nevertheless is reported for that."""
    return pool.partition.needs_mixed and pool.partition.declared_strategy != "single"


def _mps(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """MPS on nodes with MIG instances."""
    if pool.partition.mps and _sound_layout(pool):
        at: Path = (*POOLS, pool.name, "gpu")
        node, _ = context.root.nearest((*at, "mig"))
        notes = (Note("partitioned here", node.key_span or node.span),)
        message = "MPS does not run on nodes whose GPUs are partitioned"
        help_ = f"use sharing: {{timeSlicing: {pool.partition.mps}}} instead"
        yield context.diagnostic_at_key((*at, "sharing", "mps"), codes.MPS_ON_MIG, message, notes=notes, help_=help_)


def _mps_clients(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """More clients than MPS supports on an old architecture."""
    clients, product = pool.partition.mps, pool.gpu.catalogued
    if clients and clients > FEW_CLIENTS and product and has_few_clients(product):
        capability = product.compute_capability
        at: Path = (*POOLS, pool.name, "gpu")
        what = f"{product.product}, of compute capability {capability.value}"
        notes = (
            context.product_note(pool.name),
            Note(f"NVIDIA k8s-device-plugin, mps/device.go: {FEW_CLIENTS} clients before {MANY_CLIENTS_FROM}"),
            Note(f"{capability.source} ({capability.confidence})", capability.span),
        )
        message, code = f"MPS supports at most {FEW_CLIENTS} clients on {what}", codes.MPS_TOO_MANY
        help_ = f"set mps: {FEW_CLIENTS}, or sharing: {{timeSlicing: {clients}}}"
        yield context.diagnostic_at((*at, "sharing", "mps"), code, message, help_=help_, notes=notes)


def _shared_is_not_there(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Replicas of a resource that the nodes do not offer."""
    if pool.partition.layout and not _sound_layout(pool):
        return
    offered = pool.partition.shareable.values()
    for key in pool.partition.time_slicing:
        if key not in {*offered, "all"}:
            what = "whole GPUs" if key == "gpu" else f"instances of {key}"
            help_ = f"share one of {', '.join(['all', *sorted(offered)])}"
            path, message = (
                (*POOLS, pool.name, "gpu", "sharing", "timeSlicing", key),
                f"pool {pool.name} has no {what} to share",
            )
            yield context.diagnostic_at_key(path, codes.SHARED_IS_NOT_THERE, message, help_=help_)


def _reboot(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A MIG mode change that requires a reboot, which no component may do."""
    product = pool.gpu.catalogued if _sound_layout(pool) else None
    decided = context.is_written(context.setting_path("migReboot"))
    reboots = context.platform.cluster.distribution_facts.resets_reboot
    if product and product.architecture.value == "Ampere" and reboots and not decided:
        where = context.platform.cluster.distribution
        message = f"MIG mode of {product.product} on {where} usually changes only at a reboot, but migReboot is not set"
        setting = ".".join(map(str, context.setting_path("migReboot")[1:]))
        help_ = f"set {setting}: true to let the MIG manager reboot nodes, or false"
        yield context.diagnostic_at_key((*POOLS, pool.name, "gpu", "mig"), codes.MIG_REBOOT, message, help_=help_)


_Check = Callable[[CheckContext, GpuPool], Iterator[Diagnostic]]
_OF_ANY_STACK: tuple[_Check, ...] = (check_layout, _unapplied_layout, _unapplied_sharing)
_OF_DEVICE_PLUGINS: tuple[_Check, ...] = (
    *_OF_ANY_STACK,
    _unmanaged,
    _labels,
    _not_single,
    _mps,
    _mps_clients,
    _shared_is_not_there,
    _reboot,
)
