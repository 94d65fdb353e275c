"""What has the right form and cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from blueprint.catalog.releases import Release
from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.check_context import POOLS
from blueprint.platform.cluster import codes as cluster_codes
from blueprint.platform.components import codes as component_codes
from blueprint.platform.dra import codes as dra_codes
from blueprint.platform.nodes import codes
from blueprint.platform.pool import PASSTHROUGH, WORKLOAD_LABEL
from blueprint.platform.topology import codes as topology_codes
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool
from blueprint.units import as_duration, quantity_value

if TYPE_CHECKING:
    from blueprint.platform.resolve import Checks

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


def plausible_checks(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Everything of that sort."""
    yield from _none_has_gpus(checks)
    for name, pool in checks.spec.node_pools.items():
        yield from _pool(checks, name, pool)
    yield from _twice(checks)
    yield from _mirrors(checks, release)
    yield from _collection(checks)
    yield from _locked(checks)
    yield from _on_demand(checks)


def _none_has_gpus(checks: Checks) -> Iterator[Diagnostic]:
    written = checks.root.get(POOLS)
    for name in written.value if written else ():
        pool = checks.spec.node_pools.get(name)
        if pool is None or pool.gpu or pool.selector.get(WORKLOAD_LABEL) == PASSTHROUGH:
            return
        machine = pool.machine.instance_type
        if machine and checks.catalog.machine(machine) is None:
            return  # nobody knows what it has
    message = "no pool has GPUs, so the GPU stack has nothing to run on"
    yield checks.at_key(POOLS, codes.NO_GPUS, message, help_="add gpu: {product, count} to a pool")


def _pool(checks: Checks, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    at: Path = (*POOLS, name)
    if pool.nodes.max == 0:
        message = f"pool {name} never has a node"
        yield checks.at((*at, "nodes"), codes.POOL_WITHOUT_NODES, message, help_="say the most that it may have")
    yield from _selector(checks, name, pool)
    for key in pool.taints:
        if key.startswith(_OF_THE_CLUSTER):
            message = f"the taint {key} of pool {name} is the cluster's own"
            yield checks.at_key(
                (*at, "taints", key), codes.TAINT_OF_THE_CLUSTER, message, help_="use a key of your own"
            )
    memory = pool.machine.memory
    if memory and quantity_value(memory) < _LEAST_MEMORY:
        message = f"nodes of pool {name} with {memory} of memory cannot hold the GPU stack"
        yield checks.at(
            (*at, "machine", "memory"), topology_codes.MACHINE_IMPLAUSIBLE, message, help_="2Ti, 512Gi, 64Gi"
        )


def _selector(checks: Checks, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    at: Path = (*POOLS, name, "selector")
    if len(checks.spec.node_pools) > 1 and set(pool.selector) <= _EVERY_NODE:
        message = f"every node is selected for pool {name}, those of the other pools too"
        yield checks.at(at, codes.SELECTOR_TOO_WIDE, message, help_="add a label that its nodes alone carry")
    system = pool.selector.get("kubernetes.io/os", "linux")
    if pool.gpu and system != "linux":
        message = f"pool {name} has GPUs, and nodes with {system} run no GPU stack"
        yield checks.at((*at, "kubernetes.io/os"), codes.SELECTOR_IMPOSSIBLE, message, help_="linux", fix="linux")
    product = checks.catalog.gpu(pool.gpu.product) if pool.gpu else None
    arch = pool.machine.arch or (product.host_arch.value if product and product.host_arch else None)
    selected = pool.selector.get("kubernetes.io/arch")
    if arch and selected and selected != arch:
        message = f"pool {name} selects {selected} nodes, and its nodes are {arch}"
        yield checks.at((*at, "kubernetes.io/arch"), codes.SELECTOR_IMPOSSIBLE, message, help_=arch, fix=arch)
    for key in pool.selector if checks.spec.gpu_stack != "gpuCluster" else ():  # there it is an error, told elsewhere
        if key.startswith(_DISCOVERED) and not key.startswith(_SAID_BY_PEOPLE):
            message = f"pool {name} is selected by {key}, which discovery puts on nodes later"
            yield checks.at((*at, key), codes.SELECTED_BY_DISCOVERY, message, help_="select by a label of the machine")


def _twice(checks: Checks) -> Iterator[Diagnostic]:
    lists: dict[Path, tuple[Any, ...]] = {
        ("spec", "cluster", "registries", "pullSecrets"): tuple(checks.spec.cluster.registries.pull_secrets),
        ("metadata", "owners"): tuple(checks.blueprint.metadata.owners),
        ("spec", "extraManifests"): tuple(checks.spec.extra_manifests),
    }
    for path, values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                note = checks.note((*path, values.index(value)), "the first")
                message = f"{value} is twice in {'.'.join(map(str, path))}"
                yield checks.at(
                    (*path, index), cluster_codes.LISTED_TWICE, message, notes=(note,), help_="remove one of them"
                )


def _mirrors(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    found = (checks.catalog.component(name) for name in release.components)
    hosts = {image.repository.partition("/")[0] for each in found if each for image in each.images.values()}
    hosts |= set(checks.catalog.distribution(checks.spec.cluster.distribution).registries)
    for host in checks.spec.cluster.registries.mirrors:
        if host != "*" and host not in hosts:
            path: Path = ("spec", "cluster", "registries", "mirrors", host)
            near = nearest(host, hosts)
            help_ = f"did you mean {near}?" if near else f"images come from: {', '.join(sorted(hosts))}"
            yield checks.at_key(path, cluster_codes.MIRROR_UNUSED, f"no image comes from {host}", help_=help_, fix=near)


def _collection(checks: Checks) -> Iterator[Diagnostic]:
    """How often the exporter reads the GPUs, against how often it is asked. The variable is in milliseconds."""
    for name, (variables, interval) in _VARIABLES.items():
        spec, component = checks.spec.components.get(name), checks.catalog.component(name)
        env = spec.settings.get(variables) if spec else None
        if spec is None or component is None or not isinstance(env, dict) or _COLLECTION not in env:
            continue
        path: Path = ("spec", "components", name, "settings", variables, _COLLECTION)
        text = env[_COLLECTION]
        if not isinstance(text, str) or not text.isdecimal():
            yield checks.at(
                path, component_codes.NUMBER_WANTED, f"{_COLLECTION} is {text}, not milliseconds", help_='"15000"'
            )
            continue
        watched = checks.spec.observability
        default = component.settings[interval].default if interval in component.settings else None
        asked = watched.prometheus.scrape_interval if watched else spec.settings.get(interval, default)
        if (every := as_duration(asked)) and int(text) > 1000 * every:
            message = f"the exporter reads GPUs every {int(text) / 1000:g}s, and Prometheus asks every {asked}"
            yield checks.at(path, component_codes.COLLECTED_TOO_SELDOM, message, help_=f"at most {1000 * every}")


def _locked(checks: Checks) -> Iterator[Diagnostic]:
    """An exporter that answers over TLS or known users alone, and a monitor that asks it plainly."""
    spec = checks.spec.components.get("dcgm-exporter")
    for setting in ("tlsSecret", "webConfigSecret") if spec and checks.spec.observability else ():
        if spec and setting in spec.settings:
            path: Path = ("spec", "components", "dcgm-exporter", "settings", setting)
            message = f"dcgm-exporter: with {setting} the monitors of spec.observability reach it no longer"
            notes = (checks.note(("spec", "observability"), "they ask without TLS and without a user"),)
            help_ = "allowedNamespaces keeps others away; or remove it"
            yield checks.at_key(path, component_codes.EXPORTER_OUT_OF_REACH, message, notes=notes, help_=help_)


def _on_demand(checks: Checks) -> Iterator[Diagnostic]:
    """GPUs that cannot be cut on demand, where a gate of the DRA driver asks for that."""
    spec = checks.spec.components.get("gpu-operator")
    gates = spec.settings.get("draFeatureGates") if spec else None
    if not isinstance(gates, dict) or gates.get("DynamicMIG") is not True:
        return
    for name, pool in checks.spec.node_pools.items():
        product = checks.catalog.gpu(pool.gpu.product) if pool.gpu else None
        if product and product.architecture.value == "Ampere" and product.mig.supported.value:
            message = f"GPUs of pool {name} change their MIG mode at a reset, and nobody resets them on demand"
            path: Path = ("spec", "components", "gpu-operator", "settings", "draFeatureGates", "DynamicMIG")
            notes = (checks.note((*POOLS, name, "gpu", "product"), f"{product.product} is an Ampere"),)
            help_ = "switch MIG on before the driver starts"
            yield checks.at(path, dra_codes.CUT_ON_DEMAND_AT_A_RESET, message, notes=notes, help_=help_)
