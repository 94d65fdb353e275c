"""Checks of pools that run virtual machines with Kata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from blueprint.catalog.distribution import IN_BLUEPRINT
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS, stack_path
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tenants.model import TenantQuota
from blueprint.platform.virtualization import codes
from blueprint.platform.virtualization.kata import ADMISSION, RUNTIMES, PoolKata
from blueprint.platform.virtualization.model import CONTAINER, WORKLOAD_LABEL
from blueprint.records import replace
from blueprint.source.paths import Path
from blueprint.units import quantity_value
from blueprint.versions import version_key

_OF_CONTAINERS = ("driver", "owner", "expect")
_CONFIDENTIAL_ARCHITECTURES = ("Hopper", "Blackwell")
_VENDOR = "feature.node.kubernetes.io/cpu-model.vendor_id"
_VENDORS = {"snp": "AMD", "tdx": "Intel"}


def check_kata(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool with Kata alone, then all together."""
    pools = [(pool, pool.kata) for pool in context.pools.values() if pool.kata is not None]
    for pool, kata in pools:
        for check in _CHECKS:
            yield from check(context, pool, kata)
    if pools:
        yield from _brokers(context, pools)
        yield from _parts(context)
        yield from _trusted(context)
        yield from _quotas(context)


def check_kata_release(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the version of Kata that the release installs."""
    component = context.platform.component_with(RUNTIMES)
    first = next((pool.name for pool in context.pools.values() if pool.kata is not None), None)
    if component is None or first is None:
        return
    fixed = context.platform.kata.catalogue.strict_from
    if version_key(component.version) >= version_key(fixed):
        return
    guarded = context.platform.component_with(ADMISSION) is not None
    ours = component.ownership == "managed"
    message = f"in Kata {component.version}, pods may reconfigure their virtual machines; this is fixed in {fixed}"
    if ours and guarded:
        message += "; here, empty annotation lists and an admission policy prevent it"
    help_ = (
        None
        if ours and guarded
        else "empty enable_annotations of every handler"
        if guarded
        else "let this tool manage the policies"
    )
    found = context.diagnostic_at_key(_at(first), codes.KATA_BEFORE_FIX, message, help_=help_)
    yield replace(found, override=Severity.NOTE) if ours and guarded else found


def _at(pool: str, *keys: str) -> Path:
    return (*POOLS, pool, "kata", *keys)


def _stack(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    stack = context.platform.stack
    if kata.passes_gpus and stack != "clusterPolicy":
        message = (
            f"the GPUs of pool {pool.name} are for virtual machines, but {IN_BLUEPRINT[stack]} cannot pass them through"
        )
        help_ = f"use {IN_BLUEPRINT['clusterPolicy']}, or remove the pool's gpu"
        notes = (context.note(stack_path(stack), "the stack is declared here"),)
        yield context.diagnostic_at_key(_at(pool.name), codes.KATA_WITHOUT_OPERATOR, message, help_=help_, notes=notes)


def _runtime(context: CheckContext, pool: Pool, _: PoolKata) -> Iterator[Diagnostic]:
    if context.platform.kata.runtime is None:
        title = context.platform.cluster.distribution_facts.title
        message = f"pool {pool.name} cannot run Kata: it needs containerd, and {title} has another container runtime"
        notes = (context.note(("spec", "cluster", "distribution"), "distribution set here"),)
        code = codes.KATA_WITHOUT_CONTAINERD
        yield context.diagnostic_at_key(_at(pool.name), code, message, help_="remove kata", notes=notes)


def _divided(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    if not isinstance(pool, GpuPool) or not kata.passes_gpus:
        return
    for key, there in (("mig", pool.partition.layout is not None), ("sharing", pool.partition.shared)):
        if there:
            message = f"the GPUs of pool {pool.name} are passed whole to virtual machines, so {key} has no effect"
            notes = (context.note(_at(pool.name), "the pool runs virtual machines because of this"),)
            path: Path = (*POOLS, pool.name, "gpu", key)
            yield context.diagnostic_at_key(
                path, codes.DIVIDED_AND_PASSED, message, help_=f"remove {key}, or remove kata", notes=notes
            )


def _processors(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    if not kata.unfit:
        return
    message = f"the handler {kata.unfit[0]} is not built for {pool.arch}, the architecture of pool {pool.name}"
    key = ("confidential",) if kata.confidential else ()
    twin = f"{kata.unfit[0]}-runtime-rs"
    known = context.platform.kata.catalogue.handlers.get(twin)
    fits = known is not None and pool.arch in known.archs
    help_ = f"set {RUNTIMES}: rust, whose handler is built for it" if fits else "use nodes with amd64, or remove it"
    path = _at(pool.name, *key)
    report = context.diagnostic_at if key else context.diagnostic_at_key
    yield report(path, codes.HANDLER_FOR_OTHER_PROCESSORS, message, help_=help_)


def _modes(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    mode = kata.declared_mode
    if mode is None:
        return
    path, why = _at(pool.name, "ccMode"), None
    if not kata.passes_gpus:
        why, help_ = f"pool {pool.name} has no GPUs, so ccMode: {mode} has no effect", "remove ccMode"
    elif kata.confidential and mode == "off":
        why, help_ = (
            f"pool {pool.name} is confidential, but ccMode: off makes its GPUs not confidential",
            'set ccMode: "on", or remove confidential',
        )
    elif not kata.confidential and mode != "off":
        why = f"the GPUs of pool {pool.name} would be in mode {mode}, but its machines are not confidential"
        help_ = "add confidential: snp or tdx, or remove ccMode"
    if why:
        yield context.diagnostic_at(path, codes.MODE_CONTRADICTS, why, help_=help_)
    elif mode == "devtools":
        message = f"the host can read the GPUs of pool {pool.name} in the mode devtools"
        yield context.diagnostic_at(path, codes.DEBUGGABLE_GUESTS, message, help_='set ccMode: "on" to protect them')


def _product(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    """Check the GPU against the catalogue. Unknown products are not reported."""
    product = pool.gpu.catalogued if pool.gpu else None
    if product is None or not kata.confidential or kata.cc_mode == "off":
        return
    notes = (context.product_note(pool.name),)
    architecture, modes = product.architecture, product.confidential_modes
    if architecture.certain and architecture.value not in _CONFIDENTIAL_ARCHITECTURES:
        message = f"{product.product} ({architecture.value}) does not support confidential computing"
        help_ = f"use a GPU of {' or '.join(_CONFIDENTIAL_ARCHITECTURES)}, or remove confidential"
        path = _at(pool.name, "confidential")
        yield context.diagnostic_at(path, codes.GPU_NOT_CONFIDENTIAL, message, help_=help_, notes=notes)
    elif kata.cc_mode == "ppcie" and modes is not None and modes.certain and "protected-pcie" not in modes.value:
        message = f"{product.product} does not support protected PCIe"
        path, help_ = _at(pool.name, "ccMode"), 'set ccMode: "on"'
        yield context.diagnostic_at(path, codes.GPU_NOT_CONFIDENTIAL, message, help_=help_, notes=notes)


def _vendor(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    """Labels in the selector that only nodes of the other CPU vendor have."""
    if kata.confidential is None:
        return
    others = [name for name in _VENDORS if name != kata.confidential]
    labels = context.platform.kata.catalogue.confidential
    for other in others:
        foreign = {_VENDOR: _VENDORS[other], labels[other].label: "true"}  # type: ignore[index]
        for key, value in foreign.items():
            if pool.selector.get(key) == value:
                message = f"pool {pool.name} declares {kata.confidential}, but is selected by {key}: {value}"
                path, help_ = _at(pool.name, "confidential"), f"set confidential: {other}, or use another selector"
                notes = (context.note((*POOLS, pool.name, "selector", key), "the nodes are selected here"),)
                code = codes.ENCRYPTION_OF_OTHER_PROCESSORS
                yield context.diagnostic_at(path, code, message, help_=help_, notes=notes, fix=other)


def _containers(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    """Container stack settings in the pool."""
    for key in _OF_CONTAINERS if kata.passes_gpus else ():
        written = context.root.get((*POOLS, pool.name, key))
        if written is None:
            continue
        inner = written.value if isinstance(written.value, dict) else {}
        paths = [(*POOLS, pool.name, key, step) for step in inner] or [(*POOLS, pool.name, key)]
        if all(context.is_inherited(path) for path in paths):
            continue
        message = f"nodes of pool {pool.name} have no GPU stack for containers, so {key} has no effect"
        notes = (context.note(_at(pool.name), "its GPUs are for virtual machines"),)
        path: Path = (*POOLS, pool.name, key)
        yield context.diagnostic_at_key(path, codes.NOTHING_FOR_CONTAINERS, message, help_=f"remove {key}", notes=notes)


def _attestation(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    if kata.attestation and not kata.confidential:
        message = f"pool {pool.name} is not confidential, so its guests cannot attest themselves to {kata.attestation}"
        help_ = "add confidential: snp or tdx, or remove attestation"
        yield context.diagnostic_at(
            _at(pool.name, "attestation"), codes.ATTESTATION_WITHOUT_ENCRYPTION, message, help_=help_
        )


def _pull(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    if kata.guest_pull != (kata.confidential is not None):
        if kata.guest_pull:
            message = f"virtual machines of pool {pool.name} are not confidential, so guestPull cannot be used"
            help_ = "add confidential: snp or tdx, or remove guestPull"
        else:
            message = f"confidential virtual machines of pool {pool.name} would use images that the host has pulled"
            help_ = "remove guestPull"
        yield context.diagnostic_at(_at(pool.name, "guestPull"), codes.PULL_CONTRADICTS, message, help_=help_)


def _selected(context: CheckContext, pool: Pool, kata: PoolKata) -> Iterator[Diagnostic]:
    if kata.passes_gpus and pool.selector.get(WORKLOAD_LABEL) == CONTAINER:
        message = f"pool {pool.name} runs virtual machines, but its nodes have the label {CONTAINER}"
        path: Path = (*POOLS, pool.name, "selector", WORKLOAD_LABEL)
        help_ = "select the pool by another label: kata determines this one"
        yield context.diagnostic_at(path, codes.MACHINES_SELECTED_AS_CONTAINERS, message, help_=help_)


def _brokers(context: CheckContext, pools: list[tuple[Pool, PoolKata]]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, str]] = {}
    for pool, kata in pools:
        broker, shim = kata.attestation, kata.shims[0]
        if broker is None:
            continue
        other, known = first.setdefault(shim, (pool.name, broker))
        if known != broker:
            message = f"pools {other} and {pool.name} use the same handler, {shim}, but different key brokers"
            notes = (context.note(_at(other, "attestation"), f"key broker of pool {other}"),)
            help_ = f"use {known} here, too"
            yield context.diagnostic_at(
                _at(pool.name, "attestation"), codes.TWO_BROKERS, message, help_=help_, notes=notes, fix=known
            )


def _parts(context: CheckContext) -> Iterator[Diagnostic]:
    """Operands without which no virtual machine with GPUs starts."""
    if context.platform.virtualization.requested and context.platform.setting("ccManager") is False:
        message = "ccManager is disabled, so no node gets the label that Kata's RuntimeClasses with GPUs select"
        path = context.setting_path("ccManager")
        yield context.diagnostic_at(path, codes.PART_OF_KATA_OFF, message, help_="remove it")


def _trusted(context: CheckContext) -> Iterator[Diagnostic]:
    """Tenants' namespaces to which the policies would not apply."""
    trusted = context.settings_with(ADMISSION).get(ADMISSION, ())
    for tenant in context.platform.tenants.users:
        for name in tenant.namespaces:
            if name in trusted:
                message = f"{name} is a namespace of tenant {tenant.name}, whose pods could then run anywhere"
                path = (*context.setting_path(ADMISSION), list(trusted).index(name))
                yield context.diagnostic_at(path, codes.TENANT_TRUSTED, message, help_="remove it")


def _quotas(context: CheckContext) -> Iterator[Diagnostic]:
    """Quotas of tenants that a virtual machine can never use."""
    for tenant in context.platform.tenants.every:
        for name, amounts in tenant.quota.items():
            pool = context.pools.get(name)
            if pool is not None and pool.kata is not None:
                path: Path = ("spec", "tenants", tenant.name, "quota", name)
                yield from _whole_nodes(context, path, pool, pool.kata, amounts)
                yield from _room(context, path, pool.kata, amounts)


def _whole_nodes(
    context: CheckContext, path: Path, pool: Pool, kata: PoolKata, amounts: Mapping[str, TenantQuota]
) -> Iterator[Diagnostic]:
    whole = pool.gpu.count if pool.gpu and kata.cc_mode == "ppcie" else 1
    if "gpu" in amounts and quantity_value(amounts["gpu"].guaranteed) % whole:
        message = f"the quota has {amounts['gpu'].guaranteed} GPUs of pool {pool.name}, but each machine takes {whole}"
        yield context.diagnostic_at(path, codes.NODE_NOT_WHOLE, message, help_=f"use a multiple of {whole}")


def _room(
    context: CheckContext, path: Path, kata: PoolKata, amounts: Mapping[str, TenantQuota]
) -> Iterator[Diagnostic]:
    for what in ("cpu", "memory"):
        own = kata.overhead[what]
        if what in amounts and quantity_value(amounts[what].guaranteed) <= quantity_value(own):
            message = f"the quota has {amounts[what].guaranteed} of {what}, but a virtual machine alone needs {own}"
            help_ = f"set more than {own} for each pod"
            yield context.diagnostic_at((*path, what), codes.OVERHEAD_NOT_IN_QUOTA, message, help_=help_)


_CHECKS: tuple[Callable[[CheckContext, Pool, PoolKata], Iterator[Diagnostic]], ...] = (
    _stack,
    _runtime,
    _divided,
    _processors,
    _modes,
    _product,
    _vendor,
    _containers,
    _attestation,
    _pull,
    _selected,
)
