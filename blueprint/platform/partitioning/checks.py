"""What a blueprint alone can be found wrong about when it cuts and shares GPUs."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.hardware import Gpu
from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.partitioning import codes
from blueprint.platform.partitioning.layout_checks import Layouts
from blueprint.platform.partitioning.model import cuts_of, only_profile
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool, PoolGpu

OPERATOR, PLUGIN = "gpu-operator", "k8s-device-plugin"
_LABELS = {"mig": "nvidia.com/mig.config", "sharing": "nvidia.com/device-plugin.config"}


def check_partitioning(context: CheckContext) -> Iterator[Diagnostic]:
    """Every pool alone, then what the pools must agree on."""
    sound: dict[str, PoolGpu] = {}
    for name, pool in context.spec.node_pools.items():
        if pool.gpu is None or (pool.gpu.mig is None and pool.gpu.sharing is None):
            continue
        product = context.catalog.gpu(pool.gpu.product)
        found = [*_of_pool(context, name, pool, product)]
        yield from found
        if pool.gpu.mig and not found:
            sound[name] = pool.gpu
    if context.spec.gpu_stack != "gpuCluster":
        yield from _one_strategy(context, sound)


def _of_pool(context: CheckContext, name: str, pool: NodePool, product: Gpu | None) -> Iterator[Diagnostic]:
    assert pool.gpu  # noqa: S101 - asked only of such pools
    gpu, at = pool.gpu, (*POOLS, name, "gpu")
    if context.spec.gpu_stack == "gpuCluster":  # nobody here cuts or shares; checks_dra says what that means
        if gpu.mig and product:
            yield from Layouts(context, (*at, "mig"), gpu.mig, product, gpu.count, context.product_note(name)).found()
        return
    yield from _managed(context, name, gpu)
    yield from _labels(context, name, pool)
    if gpu.mig is None:
        yield from _shared(context, at, gpu, {"gpu"})
        return
    if product is None:
        return
    layouts = [*Layouts(context, (*at, "mig"), gpu.mig, product, gpu.count, context.product_note(name)).found()]
    yield from layouts
    if any(found.code.id != codes.MIG_UNPROVEN.id for found in layouts):
        return
    yield from _strategy(context, at, gpu)
    yield from _mps(context, at, gpu)
    yield from _shared(context, at, gpu, _offered(gpu))
    yield from _reboot(context, name, product)


def _managed(context: CheckContext, name: str, gpu: PoolGpu) -> Iterator[Diagnostic]:
    standalone = context.spec.gpu_stack == "standalone"
    writer = PLUGIN if standalone else OPERATOR
    what = "mig" if gpu.mig else "sharing"
    if standalone and gpu.mig:
        because: Path = ("spec", "gpuStack")
        reason, help_ = "the standalone stack has no MIG manager", f"use gpuStack: clusterPolicy, or remove {what}"
    elif (ownership := context.ownership(writer)) != "managed":
        because = ("spec", "components", writer, "ownership")
        reason = f"{writer} is {ownership}: nobody writes its configuration"
        help_ = f"let {writer} be managed, or remove {what}"
    else:
        return
    node, _ = context.root.nearest(because)
    notes = (Note("because of this", node.span),)
    message = f"pool {name} declares {what}, but {reason}"
    yield context.diagnostic_at_key(
        (*POOLS, name, "gpu", what), codes.PARTITION_UNMANAGED, message, notes=notes, help_=help_
    )


def _labels(context: CheckContext, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    for key, label in _LABELS.items():
        if getattr(pool.gpu, key) is not None and label in pool.selector:
            node, _ = context.root.nearest((*POOLS, name, "gpu", key))
            notes = (Note(f"{key} decides that label", node.key_span or node.span),)
            message = f"pool {name} is selected by {label}, which its {key} decides"
            path = (*POOLS, name, "selector", label)
            help_ = "select the nodes by a label of your own"
            yield context.diagnostic_at_key(path, codes.PARTITION_LABEL_TAKEN, message, notes=notes, help_=help_)


def _strategy(context: CheckContext, at: Path, gpu: PoolGpu) -> Iterator[Diagnostic]:
    assert gpu.mig  # noqa: S101 - asked only of cut pools
    if gpu.mig.strategy != "single" or only_profile(cuts := cuts_of(gpu.mig, gpu.count)):
        return
    profiles = list(dict.fromkeys(profile for cut in cuts for profile in cut.instances))
    whole = [device for cut in cuts if not cut.instances for device in cut.devices]
    why = f"GPU {whole[0]} stays whole" if whole else f"there are {' and '.join(profiles)}"
    message = f"strategy single needs every GPU cut into one profile, and {why}"
    path = (*at, "mig", "strategy")
    yield context.diagnostic_at(
        path, codes.MIG_NOT_SINGLE, message, help_="say mixed, or leave strategy out", fix="mixed"
    )


def _one_strategy(context: CheckContext, pools: dict[str, PoolGpu]) -> Iterator[Diagnostic]:
    """The cluster has one strategy: what one pool insists on must be possible for all."""
    mixed = {name: gpu for name, gpu in pools.items() if _needs_mixed(gpu)}
    for name, gpu in pools.items():
        if gpu.mig and gpu.mig.strategy == "single" and mixed:
            other = next(iter(mixed))
            node, _ = context.root.nearest((*POOLS, other, "gpu", "mig", "strategy"))
            notes = (Note(f"{other} needs mixed", node.key_span or node.span),)
            message = f"the cluster has one MIG strategy: pool {other} needs mixed, so {name} cannot have single"
            path = (*POOLS, name, "gpu", "mig", "strategy")
            help_ = "leave strategy out"
            yield context.diagnostic_at(
                path, codes.MIG_STRATEGIES_DIFFER, message, notes=notes, help_=help_, fix="mixed"
            )


def _needs_mixed(gpu: PoolGpu) -> bool:
    mig = gpu.mig
    return mig is not None and (mig.strategy == "mixed" or only_profile(cuts_of(mig, gpu.count)) is None)


def _mps(context: CheckContext, at: Path, gpu: PoolGpu) -> Iterator[Diagnostic]:
    if gpu.sharing and gpu.sharing.mps is not None:
        node, _ = context.root.nearest((*at, "mig"))
        notes = (Note("cut here", node.key_span or node.span),)
        message = "MPS does not run on nodes whose GPUs are cut"
        help_ = f"sharing: {{timeSlicing: {gpu.sharing.mps}}} does"
        yield context.diagnostic_at_key((*at, "sharing", "mps"), codes.MPS_ON_MIG, message, notes=notes, help_=help_)


def _offered(gpu: PoolGpu) -> set[str]:
    """What of a cut pool can be shared, by the names that `timeSlicing` has for it."""
    assert gpu.mig  # noqa: S101 - asked only of cut pools
    cuts = cuts_of(gpu.mig, gpu.count)
    profiles = {profile for cut in cuts for profile in cut.instances}
    whole = any(not cut.instances for cut in cuts)
    return {"gpu"} if gpu.mig.strategy == "single" else profiles | ({"gpu"} if whole else set())


def _shared(context: CheckContext, at: Path, gpu: PoolGpu, offered: set[str]) -> Iterator[Diagnostic]:
    for key in (gpu.sharing.time_slicing or {}) if gpu.sharing else {}:
        if key not in {*offered, "all"}:
            what = "whole GPUs" if key == "gpu" else f"instances of {key}"
            help_ = f"what can be shared here: {', '.join(['all', *sorted(offered)])}"
            path = (*at, "sharing", "timeSlicing", key)
            yield context.diagnostic_at_key(
                path, codes.SHARED_IS_NOT_THERE, f"the pool offers no {what} to share", help_=help_
            )


def _reboot(context: CheckContext, name: str, product: Gpu) -> Iterator[Diagnostic]:
    operator = context.spec.components.get(OPERATOR)
    decided = operator is not None and "migReboot" in operator.settings
    distribution = context.spec.cluster.distribution
    reboots = context.catalog.distribution(distribution).resets_reboot
    if product.architecture.value == "Ampere" and reboots and not decided:
        message = f"MIG mode of {product.product} on {distribution} usually takes a reboot, which nobody may do here"
        help_ = f"components.{OPERATOR}.settings.migReboot: true lets the MIG manager reboot nodes"
        yield context.diagnostic_at_key((*POOLS, name, "gpu", "mig"), codes.MIG_REBOOT, message, help_=help_)
