"""What has the right form and cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes as component_codes
from blueprint.platform.dra import codes as dra_codes
from blueprint.platform.nodes import codes
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import PASSTHROUGH, WORKLOAD_LABEL
from blueprint.platform.topology import codes as topology_codes
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool
from blueprint.units import as_duration, quantity_value

_EVERY_NODE = frozenset({"kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"})
_DISCOVERED = (
    "feature.node.kubernetes.io/",
    "nvidia.com/gpu.",
    "nvidia.com/cuda.",
    "nvidia.com/mig.capable",
    "nvidia.com/mig-",
)
_SAID_BY_PEOPLE = ("nvidia.com/gpu.deploy.", WORKLOAD_LABEL)
_OF_THE_CLUSTER = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node-role.kubernetes.io/control-plane")
_LEAST_MEMORY = 2 * 2**30
"""Bytes. Kubelet, runtime and the operands of one node ask for about that much."""
_COLLECTION = "DCGM_EXPORTER_INTERVAL"
_VARIABLES = {"gpu-operator": ("dcgmExporterEnv", "exporterInterval"), "dcgm-exporter": ("env", "interval")}


def check_plausibility(context: CheckContext) -> Iterator[Diagnostic]:
    """Everything of that sort that needs no release."""
    yield from _none_has_gpus(context)
    for name, pool in context.spec.node_pools.items():
        yield from _pool(context, name, pool)
    yield from _collection(context)
    yield from _locked(context)
    yield from _on_demand(context)


def _none_has_gpus(context: CheckContext) -> Iterator[Diagnostic]:
    written = context.root.get(POOLS)
    for name in written.value if written else ():
        pool = context.spec.node_pools.get(name)
        if pool is None or pool.gpu or pool.selector.get(WORKLOAD_LABEL) == PASSTHROUGH:
            return
        machine = pool.machine.instance_type
        if machine and context.catalog.machine(machine) is None:
            return  # nobody knows what it has
    message = "no pool has GPUs, so the GPU stack has nothing to run on"
    yield context.diagnostic_at_key(POOLS, codes.NO_GPUS, message, help_="add gpu: {product, count} to a pool")


def _pool(context: CheckContext, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    at: Path = (*POOLS, name)
    if pool.nodes.max == 0:
        message = f"pool {name} never has a node"
        yield context.diagnostic_at(
            (*at, "nodes"), codes.POOL_WITHOUT_NODES, message, help_="say the most that it may have"
        )
    yield from _selector(context, name, pool)
    for key in pool.taints:
        if key.startswith(_OF_THE_CLUSTER):
            message = f"the taint {key} of pool {name} is the cluster's own"
            yield context.diagnostic_at_key(
                (*at, "taints", key), codes.TAINT_OF_THE_CLUSTER, message, help_="use a key of your own"
            )
    memory = pool.machine.memory
    if memory and quantity_value(memory) < _LEAST_MEMORY:
        message = f"nodes of pool {name} with {memory} of memory cannot hold the GPU stack"
        yield context.diagnostic_at(
            (*at, "machine", "memory"), topology_codes.MACHINE_IMPLAUSIBLE, message, help_="2Ti, 512Gi, 64Gi"
        )


def _selector(context: CheckContext, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    at: Path = (*POOLS, name, "selector")
    if len(context.spec.node_pools) > 1 and set(pool.selector) <= _EVERY_NODE:
        message = f"every node is selected for pool {name}, those of the other pools too"
        yield context.diagnostic_at(
            at, codes.SELECTOR_TOO_WIDE, message, help_="add a label that its nodes alone carry"
        )
    system = pool.selector.get("kubernetes.io/os", "linux")
    if pool.gpu and system != "linux":
        message = f"pool {name} has GPUs, and nodes with {system} run no GPU stack"
        yield context.diagnostic_at(
            (*at, "kubernetes.io/os"), codes.SELECTOR_IMPOSSIBLE, message, help_="linux", fix="linux"
        )
    product = context.catalog.gpu(pool.gpu.product) if pool.gpu else None
    arch = pool.machine.arch or (product.host_arch.value if product and product.host_arch else None)
    selected = pool.selector.get("kubernetes.io/arch")
    if arch and selected and selected != arch:
        message = f"pool {name} selects {selected} nodes, and its nodes are {arch}"
        yield context.diagnostic_at(
            (*at, "kubernetes.io/arch"), codes.SELECTOR_IMPOSSIBLE, message, help_=arch, fix=arch
        )
    for key in pool.selector if context.spec.gpu_stack != "gpuCluster" else ():  # there it is an error, told elsewhere
        if key.startswith(_DISCOVERED) and not key.startswith(_SAID_BY_PEOPLE):
            message = f"pool {name} is selected by {key}, which discovery puts on nodes later"
            yield context.diagnostic_at(
                (*at, key), codes.SELECTED_BY_DISCOVERY, message, help_="select by a label of the machine"
            )


def _collection(context: CheckContext) -> Iterator[Diagnostic]:
    """How often the exporter reads the GPUs, against how often it is asked. The variable is in milliseconds."""
    for name, (variables, interval) in _VARIABLES.items():
        spec, component = context.spec.components.get(name), context.catalog.component(name)
        env = spec.settings.get(variables) if spec else None
        if spec is None or component is None or not isinstance(env, dict) or _COLLECTION not in env:
            continue
        path: Path = ("spec", "components", name, "settings", variables, _COLLECTION)
        text = env[_COLLECTION]
        if not isinstance(text, str) or not text.isdecimal():
            yield context.diagnostic_at(
                path, component_codes.NUMBER_WANTED, f"{_COLLECTION} is {text}, not milliseconds", help_='"15000"'
            )
            continue
        watched = context.spec.observability
        default = component.settings[interval].default if interval in component.settings else None
        asked = watched.prometheus.scrape_interval if watched else spec.settings.get(interval, default)
        if (every := as_duration(asked)) and int(text) > 1000 * every:
            message = f"the exporter reads GPUs every {int(text) / 1000:g}s, and Prometheus asks every {asked}"
            yield context.diagnostic_at(
                path, component_codes.COLLECTED_TOO_SELDOM, message, help_=f"at most {1000 * every}"
            )


def _locked(context: CheckContext) -> Iterator[Diagnostic]:
    """An exporter that answers over TLS or known users alone, and a monitor that asks it plainly."""
    spec = context.spec.components.get("dcgm-exporter")
    for setting in ("tlsSecret", "webConfigSecret") if spec and context.spec.observability else ():
        if spec and setting in spec.settings:
            path: Path = ("spec", "components", "dcgm-exporter", "settings", setting)
            message = f"dcgm-exporter: with {setting} the monitors of spec.observability reach it no longer"
            notes = (context.note(("spec", "observability"), "they ask without TLS and without a user"),)
            help_ = "allowedNamespaces keeps others away; or remove it"
            yield context.diagnostic_at_key(
                path, component_codes.EXPORTER_OUT_OF_REACH, message, notes=notes, help_=help_
            )


def _on_demand(context: CheckContext) -> Iterator[Diagnostic]:
    """GPUs that cannot be cut on demand, where a gate of the DRA driver asks for that."""
    spec = context.spec.components.get("gpu-operator")
    gates = spec.settings.get("draFeatureGates") if spec else None
    if not isinstance(gates, dict) or gates.get("DynamicMIG") is not True:
        return
    for name, pool in context.spec.node_pools.items():
        product = context.catalog.gpu(pool.gpu.product) if pool.gpu else None
        if product and product.architecture.value == "Ampere" and product.mig.supported.value:
            message = f"GPUs of pool {name} change their MIG mode at a reset, and nobody resets them on demand"
            path: Path = ("spec", "components", "gpu-operator", "settings", "draFeatureGates", "DynamicMIG")
            notes = (context.note((*POOLS, name, "gpu", "product"), f"{product.product} is an Ampere"),)
            help_ = "switch MIG on before the driver starts"
            yield context.diagnostic_at(path, dra_codes.CUT_ON_DEMAND_AT_A_RESET, message, notes=notes, help_=help_)
