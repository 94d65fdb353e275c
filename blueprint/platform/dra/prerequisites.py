"""Prerequisites of `allocation: dra`: what must be provided, and what users need to know."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.component_files.feature_gates import Gates
from blueprint.catalog.distribution import WITHOUT_OPERATOR
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import decided_by, record
from blueprint.platform.tracking.sources import Source
from blueprint.versions import version_key


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the cluster; none in another stack."""
    if platform.dra.publishes_gpus:
        yield _patch(platform)
        yield _alone(platform)
    if platform.dra.version:
        yield _enabled(platform)
        yield _gates(platform)
    if platform.setting("webhook"):
        yield _webhook(platform)


def _patch(platform: Platform) -> Iterator[str]:
    from blueprint.platform.dra.checks import OLDEST_KUBERNETES

    declared = platform.cluster.kubernetes
    if declared == platform.cluster.kubernetes_minor and OLDEST_KUBERNETES.startswith(f"{declared}."):
        yield f"The API server and all kubelets run Kubernetes {OLDEST_KUBERNETES} or newer, as claims of GPUs require."


def _enabled(platform: Platform) -> Iterator[str]:
    """How to enable Dynamic Resource Allocation if Kubernetes does not enable it by default."""
    from blueprint.platform.dra.api_versions import SERVED_FROM, newest_served

    minor = platform.cluster.kubernetes_minor
    if version_key(minor) < version_key(SERVED_FROM["v1"]):
        yield (
            "The API server, scheduler, controller manager and kubelets run with the feature gate"
            " DynamicResourceAllocation=true, and the API server also with"
            f" --runtime-config=resource.k8s.io/{newest_served(minor)}=true."
        )


def _alone(platform: Platform) -> Iterator[str]:
    decided_by(platform.stack)
    if platform.stack in WITHOUT_OPERATOR:
        yield (
            "The cluster has no ClusterPolicy or GPUCluster, and neither a DRA driver nor a device plugin that was"
            " installed by other means: two drivers would own the same DeviceClasses, and a device plugin would"
            " allocate GPUs a second time."
        )
        return
    yield (
        "The cluster has no ClusterPolicy, and neither a DRA driver nor a device plugin that was installed by other"
        " means: the operator ignores a GPUCluster beside a ClusterPolicy, two drivers would own the same"
        " DeviceClasses, and a device plugin would allocate GPUs a second time. Nodes cannot be migrated from a"
        " ClusterPolicy in place."
    )


def _webhook(platform: Platform) -> Iterator[str]:
    """The issuer of the webhook's certificate."""
    component = platform.component_with("webhook")
    namespace = component.namespace if component else ""
    if secret := platform.setting("webhookTlsSecret"):
        yield (
            f"The Secret {secret} in the namespace {namespace} has tls.crt and tls.key for the DNS name of the"
            f" webhook's Service, dra-driver-nvidia-gpu-webhook.{namespace}.svc."
        )
        return
    yield "cert-manager runs in the cluster, and issues the certificate of the DRA driver's webhook."
    if issuer := platform.setting("webhookIssuer"):
        where = "" if platform.setting("webhookIssuerKind") == "ClusterIssuer" else f" in the namespace {namespace}"
        yield f"The {platform.setting('webhookIssuerKind')} {issuer} is ready{where}."


def _gates(platform: Platform) -> Iterator[str]:
    """Kubernetes feature gates that the DRA driver's feature gates need, and that are not enabled by default."""
    declared = platform.setting("draFeatureGates") or {}
    gates = _known(platform) if declared else None
    for name in declared if gates else ():
        needed = gates.gates[name].cluster if gates and name in gates.gates else None
        if declared[name] and needed and not needed.open_in(platform.cluster.kubernetes_minor):
            yield (
                f"The API server, scheduler and kubelets run with the feature gate {needed.gate}=true:"
                f" the DRA driver's feature gate {name} needs it."
            )


def _known(platform: Platform) -> Gates | None:
    from blueprint.catalog.component_files.feature_gates import load_gates

    component = platform.component_with("draFeatureGates")
    if component is None:
        return None
    gates = load_gates(component.component.dra_folder)
    record(Source("component", gates.span("gates"), "gates"))
    return gates


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of claims for a GPU pool; none in another stack."""
    if isinstance(pool, GpuPool) and pool.claimed:
        yield _claims(pool, platform)


def _claims(pool: GpuPool, platform: Platform) -> Iterator[str]:
    """The prerequisite in words: the devices that workloads can claim from the nodes, and the program that partitions
    the GPUs.
    """
    layout = pool.partition.layout
    whole = len(layout.whole_devices) if layout else pool.gpu.count
    instances = layout.instances_per_node if layout else {}
    found = [f"gpu.nvidia.com ({whole} per node)"] if whole else []
    found += [
        f"mig.nvidia.com with the profile {name} ({number} per node)" for name, number in sorted(instances.items())
    ]
    if platform.dra.dynamic_mig:
        found = ["gpu.nvidia.com", "mig.nvidia.com"]
    numbered = (
        "The scheduler serves requests for nvidia.com/gpu through claims that it creates."
        if platform.dra.extended_resources
        else "Requests for nvidia.com/gpu stay pending."
    )
    yield f"Workloads claim devices of the class {' and '.join(found)}. {numbered}"
    if layout and instances:
        yield (
            "The GPUs are partitioned before the DRA driver starts on the node, and its pod there is restarted after a"
            " change: the driver publishes what it finds when it starts, and omits GPUs in MIG mode without instances."
            f" Partition the GPUs as follows: {'; '.join(map(pool.partition.describe, layout.groups))}."
        )
