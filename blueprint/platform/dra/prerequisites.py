"""What to know or provide where pods claim GPUs: prerequisites of `allocation: dra`."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.component_files.feature_gates import Gates
from blueprint.platform.drivers.model import DRA
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import decided_by, record
from blueprint.platform.tracking.sources import Source


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """What must be true of the cluster; nothing in another stack."""
    if platform.allocation == DRA:
        yield _patch(platform)
        yield _alone(platform)
        yield _gates(platform)


def _patch(platform: Platform) -> Iterator[str]:
    from blueprint.platform.dra.checks import OLDEST_KUBERNETES

    declared = platform.cluster.kubernetes
    if declared == platform.cluster.kubernetes_minor and OLDEST_KUBERNETES.startswith(f"{declared}."):
        yield f"The API server and all kubelets are Kubernetes {OLDEST_KUBERNETES} or newer, as claims of GPUs need."


def _alone(platform: Platform) -> Iterator[str]:
    decided_by(platform.stack)
    yield (
        "The cluster has no ClusterPolicy, and neither a DRA driver nor a device plugin that was installed otherwise."
        " The operator does nothing beside a ClusterPolicy; two drivers would own the same DeviceClasses, and a device"
        " plugin would allocate GPUs a second time. Nodes do not change from a ClusterPolicy to this in place."
    )


def _gates(platform: Platform) -> Iterator[str]:
    """Gates of Kubernetes that gates of the DRA driver need, and that are not open by themselves."""
    declared = platform.setting("draFeatureGates") or {}
    gates = _known(platform) if declared else None
    for name in declared if gates else ():
        needed = gates.gates[name].cluster if gates and name in gates.gates else None
        if declared[name] and needed and not needed.open_in(platform.cluster.kubernetes_minor):
            yield (
                f"API server, scheduler and kubelets run with the feature gate {needed.gate}=true:"
                f" the DRA driver's feature gate {name} needs it."
            )


def _known(platform: Platform) -> Gates | None:
    from blueprint.catalog.component_files.feature_gates import load_gates

    component = platform.component_with("draFeatureGates")
    if component is None:
        return None
    gates = load_gates(component.component.folder)
    record(Source("component", gates.span("gates"), "gates"))
    return gates


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """What workloads claim of a pool with GPUs; nothing in another stack."""
    if isinstance(pool, GpuPool) and platform.allocation == DRA:
        yield _claims(pool, platform)


def _claims(pool: GpuPool, platform: Platform) -> Iterator[str]:
    """What workloads claim of its nodes, and who partitions the GPUs."""
    layout = pool.partition.layout
    whole = len(layout.whole_devices) if layout else pool.gpu.count
    instances = layout.instances_per_node if layout else {}
    found = [f"gpu.nvidia.com ({whole} per node)"] if whole else []
    found += [
        f"mig.nvidia.com with the profile {name} ({number} per node)" for name, number in sorted(instances.items())
    ]
    if platform.dra.dynamic_mig:
        found = ["gpu.nvidia.com", "mig.nvidia.com"]
    yield f"Workloads claim devices of the class {' and '.join(found)}. Requests for nvidia.com/gpu stay pending."
    if layout and instances:
        yield (
            "The GPUs are partitioned before the DRA driver starts on the node, and its pod there is restarted after a"
            " change: it publishes what it finds at start, and omits a GPU in MIG mode without instances."
            f" GPUs are partitioned like this: {'; '.join(map(pool.partition.describe, layout.groups))}."
        )
