"""What each leaf of the blueprint that sets everything may say instead."""

from __future__ import annotations

from fnmatch import fnmatchcase

from blueprint.source.loader import load_text
from blueprint.source.paths import Path as FieldPath
from blueprint.source.paths import format_path
from tests.support.edits import EVERYTHING, NAME, leaves

TEXT = (EVERYTHING / NAME).read_text("utf-8")
LEAVES = dict(leaves(load_text(TEXT, NAME).data))

ANOTHER = {
    "apiVersion": ["gpublueprint.dev/v2"],
    "kind": ["Overlay"],
    "metadata.name": ["another"],
    "metadata.version": ["1.2.4"],
    "metadata.owners*": ["you@acme.example"],
    "extends*": ["fourth.yaml"],
    "spec.release": ['"2026.12"'],
    "spec.cluster.kubernetes": ['"1.36.4"', '"1.35.1"', '"1.32"'],
    "spec.cluster.distribution": ["eks", "aks", "rke2", "k3s", "microk8s", "gke", "openshift"],
    "spec.cluster.os": ["ubuntu-22.04", "rhel-9.6", "plan-9"],
    "spec.cluster.kubeletRoot": ["/var/lib/k0s/kubelet", "kubelet"],
    "spec.cluster.uid": ["4f0c2f5e-0000-4000-8000-000000000002"],
    "spec.cluster.registries.mirrors*": ["other.acme.example/all"],
    "spec.cluster.registries.pullSecrets*": ["pull-three"],
    "spec.gpuStack": ["standalone"],
    "spec.allocation": ["dra"],
    "spec.poolLabel": ["acme.example/other"],
    "spec.nodeLabels": ["apply"],
    "spec.nodePools.*.nodes": ["5"],
    "spec.nodePools.*.network.fabric": ["roce", "efa", "omnipath"],
    "spec.nodePools.*.network.driver": ["host", "provider", "nobody"],
    "spec.nodePools.*.network.resource": ["rdma/other", "nvidia.com/hostdev", "rdma"],
    "spec.nodePools.*.network.nics": ["4", "0"],
    "spec.nodePools.*.network.gpuDirect": ["peermem", "copies"],
    "spec.nodePools.*.network.gdrcopy": ["false"],
    "spec.nodePools.*.network.gds": ["true"],
    "spec.nodePools.*.nodes.*": ["3"],
    "spec.nodePools.*.selector*": ["another"],
    "spec.nodePools.*.taints*": ['"other:NoSchedule"', '"true:NoExecute"', '"true:PreferNoSchedule"', '":NoSchedule"'],
    "spec.nodePools.*.gpu.product": ["L40S", "B200", "T4", "X100"],
    "spec.nodePools.*.gpu.count": ["2", "17"],
    "spec.nodePools.*.gpu.mig.strategy": ["single"],
    "spec.nodePools.*.gpu.mig.layout*.devices": ["0", "0-4", "3", "all"],
    "spec.nodePools.*.gpu.mig.layout*.devices[[]*": ["3", "1", "7"],
    "spec.nodePools.*.gpu.mig.layout*.profiles*": ["2", "9"],
    "spec.nodePools.*.gpu.sharing.renameByDefault": ["true", "false"],
    "spec.nodePools.*.gpu.sharing.failRequestsGreaterThanOne": ["true", "false"],
    "spec.nodePools.*.gpu.sharing.*": ["5", "1"],
    "spec.nodePools.*.driver.branch": ['"610"', '"535"', '"999"'],
    "spec.nodePools.*.driver.version": ["595.71.05", "580.173.02", "new"],
    "spec.nodePools.*.driver.precompiled": ["false"],
    "spec.nodePools.*.owner.*": ["operator", "host", "provider"],
    "spec.nodePools.*.driver.kernelModules": ["proprietary", "auto"],
    "spec.nodePools.*.expect.*": ["true", "false"],
    "spec.cluster.topology*": ["acme.example/row", "not a label"],
    "spec.nodePools.*.machine.instanceType": ["BM.GPU.GB200-v3.4", "BM.GPU.GB200.8", "p5.48xlarge"],
    "spec.nodePools.*.machine.arch": ["amd64", "riscv"],
    "spec.nodePools.*.machine.cpu": ["143", "0"],
    "spec.nodePools.*.machine.memory": ["959Gi", "2Ti", "960"],
    "spec.nodePools.*.topology*": ["1", "3", "8", "0"],
    "spec.nodePools.*.kubelet.topologyManager": ["none", "best-effort", "single-numa-node", "strict"],
    "spec.nodePools.*.kubelet.topologyManagerScope": ["container", "node"],
    "spec.nodePools.*.kubelet.*Manager": ["none", "dynamic"],
    "spec.nodePools.*.nvlinkDomain.nodes": ["4", "19", "1"],
    "spec.nodePools.*.nvlinkDomain.label": ["nvidia.com/gpu.clique", "two words"],
    "spec.nodePools.*.costPerGpuHour": ["3", "0"],
    "spec.observability.prometheus.namespace": ["watch"],
    "spec.observability.prometheus.monitorNamespace": ["elsewhere", "monitoring"],
    "spec.observability.prometheus.*Labels*": ["another"],
    "spec.observability.prometheus.scrapeInterval": ["45s", "10s", "10m", "0s"],
    "spec.observability.metrics.set": ["minimal", "full", "none"],
    "spec.observability.metrics.include*": ["DCGM_FI_PROF_PIPE_FP64_ACTIVE", "DCGM_FI_DEV_ENC_UTIL", "DCGM_FI_NONE"],
    "spec.observability.metrics.exclude*": ["DCGM_FI_DEV_SM_CLOCK", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_NONE"],
    "spec.observability.alerts.*.enabled": ["true", "false"],
    "spec.observability.alerts.*.threshold": ["85", "800"],
    "spec.observability.alerts.*.for": ["20m", "10s"],
    "spec.observability.alerts.*.severity": ["info", "fatal"],
    "spec.observability.dashboards": ["false"],
    "spec.components.gpu-observability.ownership": ["absent", "external"],
    "spec.components.gpu-observability.settings.metricNames": ["legacy", "short"],
    "spec.components.gpu-observability.settings.runbooks": ["https://other.acme.example", "nowhere"],
    "spec.components.*.ownership": ["external", "absent", "chart"],
    "spec.components.nfd.settings.masterReplicas": ["3", "9"],
    "spec.components.nfd.settings.gcInterval": ["4h", "soon"],
    "spec.components.gpu-operator.settings.maxParallelUpgrades": ["3", "-1"],
    "spec.components.gpu-operator.settings.maxUnavailable": ["20%", "some"],
    "spec.components.gpu-operator.settings.logLevel": ["info", "error"],
    "spec.components.gpu-operator.settings.*": ["true", "false"],
    "spec.components.*.patches*.target.kind": ["ServiceAccount", "DaemonSet"],
    "spec.components.*.patches*.target.name": ["nvidia-operator"],
    "spec.components.*.patches*.target.namespace": ["default"],
    "spec.components.*.patches*.merge*": ["another"],
    "spec.components.*.patches*.reason": ["CHG-43"],
    "spec.delivery.path": [".", "clusters/../prod"],
    "spec.delivery.argocd.repository": ["ssh://git@git.example/platform.git", "git.example/platform"],
    "spec.delivery.argocd.server": ["https://kubernetes.default.svc", "here"],
    "spec.delivery.argocd.selfHeal": ["false"],
    "spec.delivery.flux.sourceKind": ["OCIRepository", "HelmRepository"],
    "spec.delivery.flux.interval": ["1h", "soon"],
    "spec.delivery.flux.timeout": ["1h", "soon"],
    "spec.delivery.*": ["another"],
    "spec.hardware*": ["hardware/other.yaml", "none/*.yaml"],
    "spec.extraManifests*": ["extra/other.yaml", "none/*.yaml"],
}  # fmt: skip
"""What each leaf may say instead, by a pattern of its path: the first pattern that fits counts."""


def others(path: FieldPath) -> list[str]:
    """What the leaf at `path` may say instead."""
    name = format_path(path)
    found = next(texts for pattern, texts in ANOTHER.items() if fnmatchcase(name, pattern))
    return [text for text in found if load_text(text, NAME).data != LEAVES[path]]
