"""Defaults that the API server sets in built-in kinds, as data: by the type that contains a field, and the path from
there.

Source: the defaulting functions of Kubernetes 1.33 to 1.36, `SetDefaults_*` in `pkg/apis/GROUP/VERSION/defaults.go` (of
custom resource definitions `apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go`, of API services
`kube-aggregator/pkg/apis/apiregistration/v1/defaults.go`), the strategies that set further fields (`pkg/registry`), and
the admission plugins that are always on. Defaults that are markers on the types (`+default=`) are in
`schemas/kubernetes/`. A test compares every entry with a real API server.

An entry under `batch.v1.Job` differs from one under `batch.v1.JobSpec`: it does not apply to the template of a CronJob.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Live = Mapping[str, Any]
Rule = Callable[[Any, Mapping[str, Any], Live], bool]
"""Returns whether a value (the first argument) is what the server derives from its neighbours, or from the whole object
(the last one).

For a map, it is called for each entry, with a map of one.
"""


class AddedItems(list[Any]):
    """Items that the server adds to a list, whatever else it contains."""


def default_pull_policy(image: str) -> str:
    """The pull policy: images without a fixed version are always pulled."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if "@" in image or tag not in {"", "latest"} else "Always"


def _pull_policy(of: str) -> Rule:
    return lambda value, parent, _: value == default_pull_policy(str(parent.get(of) or ""))


def _image_policy(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    reference = str(parent.get("reference") or "")
    return bool(value == (default_pull_policy(reference) if reference else "IfNotPresent"))


def _like(neighbour: str) -> Rule:
    return lambda value, parent, _: neighbour in parent and value == parent[neighbour]


def _policy_types(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == (["Ingress", "Egress"] if parent.get("egress") else ["Ingress"]))


def _is_external(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return value == "Cluster" and (parent.get("type") != "ClusterIP" or bool(parent.get("externalIPs")))


def _node_ports(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return value is True and parent.get("type") == "LoadBalancer"


def _limits(*neighbours: str) -> Rule:
    """Amounts of a LimitRange that default to others: the default to the maximum, the default request to the default or
    minimum.
    """

    def rule(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
        """Whether each amount equals that of one of the neighbouring maps."""
        sources = [parent.get(name) or {} for name in neighbours]
        return all(any(source.get(key) == amount for source in sources) for key, amount in value.items())

    return rule


def _singular(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == str(parent.get("kind", "")).lower())


def _list_kind(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == f"{parent.get('kind')}List")


def _subject_group(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == ("" if parent.get("kind") == "ServiceAccount" else "rbac.authorization.k8s.io"))


def _namespace_name(value: Any, _parent: Any, live: Live) -> bool:
    return bool(value == {"kubernetes.io/metadata.name": live["metadata"]["name"]})


def _template_labels(live: Live) -> Mapping[str, Any]:
    metadata = live["spec"].get("template", {}).get("metadata") or {}
    return metadata.get("labels") or {}


def _from_template(value: Any, _parent: Any, live: Live) -> bool:
    labels = _template_labels(live)
    return all(labels.get(key) == text for key, text in value.items())


def _job_marks(value: Any, _parent: Any, live: Live) -> bool:
    """The labels with which a Job finds its pods: its uid and its name."""
    meta = live["metadata"]
    marks = {"controller-uid": meta.get("uid"), "job-name": meta.get("name")}
    return all(marks.get(key.removeprefix("batch.kubernetes.io/"), "") == text for key, text in value.items())


def _job_labels(value: Any, parent: Any, live: Live) -> bool:
    return _job_marks(value, parent, live) or _from_template(value, parent, live)


def _backoff(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == (2**31 - 1 if "backoffLimitPerIndex" in parent else 6))


def _pod_replacement(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    return bool(value == ("Failed" if parent.get("podFailurePolicy") else "TerminatingOrFailed"))


def _requests(value: Any, parent: Mapping[str, Any], _live: Live) -> bool:
    limits = parent.get("limits") or {}
    return all(limits.get(key) == amount for key, amount in value.items())


_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_CONTAINER: Mapping[str, Any] = {
    "imagePullPolicy": _pull_policy("image"),
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_MODE = {"defaultMode": 420}
_WEBHOOK: Mapping[str, Any] = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}
_MATCH: Mapping[str, Any] = {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
_ALL_SCOPES = {"scope": "*"}
_HTTPS = {"port": 443}
_CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
_PODS, _PERCENT = (
    {"type": kind, "value": value, "periodSeconds": 15} for kind, value in (("Pods", 4), ("Percent", 100))
)
_EXACTLY_ONE = {"allocationMode": "ExactCount", "count": 1}
_TOLERATIONS = AddedItems(
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
)

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "admissionregistration.v1.MatchResources": _MATCH,
    "admissionregistration.v1.MutatingWebhook": {**_WEBHOOK, "reinvocationPolicy": "Never"},
    "admissionregistration.v1.NamedRuleWithOperations": _ALL_SCOPES,
    "admissionregistration.v1.RuleWithOperations": _ALL_SCOPES,
    "admissionregistration.v1.ServiceReference": _HTTPS,
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": {"failurePolicy": "Fail"},
    "admissionregistration.v1.ValidatingWebhook": _WEBHOOK,
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames": {
        "singular": _singular,
        "listKind": _list_kind,
    },
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec": {
        "conversion": {"strategy": "None"},
    },
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference": _HTTPS,
    "kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference": _HTTPS,
    "apimachinery.pkg.apis.meta.v1.OwnerReference": {"apiVersion": "", "kind": "", "name": "", "uid": ""},
    "apps.v1.DaemonSetSpec": {
        "revisionHistoryLimit": 10,
        "updateStrategy.type": "RollingUpdate",
        "updateStrategy.rollingUpdate.maxSurge": 0,
        "updateStrategy.rollingUpdate.maxUnavailable": 1,
    },
    "apps.v1.DeploymentSpec": {
        "progressDeadlineSeconds": 600,
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "strategy.type": "RollingUpdate",
        "strategy.rollingUpdate.maxSurge": "25%",
        "strategy.rollingUpdate.maxUnavailable": "25%",
    },
    "apps.v1.ReplicaSetSpec": {"replicas": 1},
    "apps.v1.StatefulSetSpec": {
        "persistentVolumeClaimRetentionPolicy.whenDeleted": "Retain",
        "persistentVolumeClaimRetentionPolicy.whenScaled": "Retain",
        "ordinals.start": 0,
        "podManagementPolicy": "OrderedReady",
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "serviceName": "",
        "updateStrategy.type": "RollingUpdate",
        "updateStrategy.rollingUpdate.partition": 0,
        "volumeClaimTemplates.apiVersion": "v1",
        "volumeClaimTemplates.kind": "PersistentVolumeClaim",
        "volumeClaimTemplates.status": {"phase": "Pending"},
    },
    "autoscaling.v1.HorizontalPodAutoscalerSpec": {"minReplicas": 1, "targetCPUUtilizationPercentage": 80},
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {
        "minReplicas": 1,
        "metrics": [{"type": "Resource", "resource": _CPU}],
        "behavior.scaleUp.stabilizationWindowSeconds": 0,
        "behavior.scaleUp.selectPolicy": "Max",
        "behavior.scaleUp.policies": [_PODS, _PERCENT],
        "behavior.scaleDown.selectPolicy": "Max",
        "behavior.scaleDown.policies": [_PERCENT],
    },
    "batch.v1.CronJobSpec": {
        "concurrencyPolicy": "Allow",
        "failedJobsHistoryLimit": 1,
        "successfulJobsHistoryLimit": 3,
        "suspend": False,
    },
    "batch.v1.Job": {
        "spec.backoffLimit": _backoff,
        "spec.completionMode": "NonIndexed",
        "spec.completions": 1,
        "spec.manualSelector": False,
        "spec.parallelism": 1,
        "spec.podReplacementPolicy": _pod_replacement,
        "spec.selector.matchLabels": _job_marks,
        "spec.suspend": False,
        "spec.template.metadata.labels": _job_labels,
    },
    "batch.v1.JobTemplateSpec": {"metadata": {}},
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": {"status": "True"},
    "core.v1.Container": _CONTAINER,
    "core.v1.ConfigMapVolumeSource": _MODE,
    "core.v1.DownwardAPIVolumeSource": _MODE,
    "core.v1.ProjectedVolumeSource": _MODE,
    "core.v1.SecretVolumeSource": _MODE,
    "core.v1.EndpointPort": {"protocol": "TCP"},
    "core.v1.EphemeralVolumeSource": {"volumeClaimTemplate.metadata": {}},
    "core.v1.HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "core.v1.HostPathVolumeSource": {"type": ""},
    "core.v1.ImageVolumeSource": {"pullPolicy": _image_policy},
    "core.v1.LimitRangeItem": {"default": _limits("max"), "defaultRequest": _limits("default", "min")},
    "core.v1.Namespace": {"metadata.labels": _namespace_name, "spec.finalizers": ["kubernetes"]},
    "core.v1.ObjectFieldSelector": {"apiVersion": "v1"},
    "core.v1.PersistentVolume": {"metadata.finalizers": AddedItems(["kubernetes.io/pv-protection"])},
    "core.v1.PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
    "core.v1.PersistentVolumeClaim": {"metadata.finalizers": AddedItems(["kubernetes.io/pvc-protection"])},
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "core.v1.Pod": {
        "spec.containers.ports.hostPort": _like("containerPort"),
        "spec.containers.resources.requests": _requests,
        "spec.initContainers.ports.hostPort": _like("containerPort"),
        "spec.initContainers.resources.requests": _requests,
        "spec.tolerations": _TOLERATIONS,
        "spec.enableServiceLinks": True,
        "spec.preemptionPolicy": "PreemptLowerPriority",
        "spec.priority": 0,
    },
    "core.v1.PodCertificateProjection": {"maxExpirationSeconds": 86400},
    "core.v1.PodSpec": {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "serviceAccount": _like("serviceAccountName"),
        "terminationGracePeriodSeconds": 30,
    },
    "core.v1.PodTemplateSpec": {"metadata": {}},
    "core.v1.Probe": _PROBE,
    "core.v1.ReplicationController": {
        "spec.replicas": 1,
        "spec.selector": _from_template,
    },
    "core.v1.Secret": {"type": "Opaque"},
    "core.v1.ISCSIPersistentVolumeSource": {"iscsiInterface": "default"},
    "core.v1.RBDPersistentVolumeSource": {"keyring": "/etc/ceph/keyring", "pool": "rbd", "user": "admin"},
    "core.v1.ResourceFieldSelector": {"divisor": "0"},
    "core.v1.ScaleIOPersistentVolumeSource": {"fsType": "xfs", "storageMode": "ThinProvisioned"},
    "core.v1.SleepAction": {"seconds": 0},
    "core.v1.ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "core.v1.ServicePort": {"targetPort": _like("port")},
    "core.v1.ServiceSpec": {
        "allocateLoadBalancerNodePorts": _node_ports,
        "externalTrafficPolicy": _is_external,
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "sessionAffinityConfig.clientIP.timeoutSeconds": 10800,
        "type": "ClusterIP",
    },
    "discovery.v1.ForZone": {"name": ""},
    "discovery.v1.Endpoint": {"conditions": {}},
    "discovery.v1.EndpointPort": {"name": "", "protocol": "TCP"},
    "core.v1.Event": {"reportingComponent": "", "reportingInstance": "", "source": {}},
    "core.v1.Node": {"spec": {}},
    "events.v1.Event": {"deprecatedSource": {}},
    "flowcontrol.v1.ExemptPriorityLevelConfiguration": {"lendablePercent": 0, "nominalConcurrencyShares": 0},
    "flowcontrol.v1.FlowSchemaSpec": {"matchingPrecedence": 1000},
    "flowcontrol.v1.LimitedPriorityLevelConfiguration": {"lendablePercent": 0, "nominalConcurrencyShares": 30},
    "flowcontrol.v1.QueuingConfiguration": {"handSize": 8, "queueLengthLimit": 50, "queues": 64},
    "networking.v1.IngressClassParametersReference": {"scope": "Cluster"},
    "networking.v1.NetworkPolicyPort": {"protocol": "TCP"},
    "networking.v1.NetworkPolicySpec": {"podSelector": {}, "policyTypes": _policy_types},
    "rbac.v1.RoleRef": {"apiGroup": "rbac.authorization.k8s.io"},
    "rbac.v1.Subject": {"apiGroup": _subject_group},
    "resource.v1.Counter": {"value": "0"},
    "resource.v1.DeviceCapacity": {"value": "0"},
    "resource.v1.DeviceSubRequest": _EXACTLY_ONE,
    "resource.v1.ExactDeviceRequest": _EXACTLY_ONE,
    "resource.v1.DeviceToleration": {"operator": "Equal"},
    "resource.v1.ResourceClaimTemplateSpec": {"metadata": {}},
    "scheduling.v1.PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "storage.v1.CSIDriverSpec": {
        "attachRequired": True,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "podInfoOnMount": False,
        "requiresRepublish": False,
        "seLinuxMount": False,
        "storageCapacity": False,
        "volumeLifecycleModes": ["Persistent"],
    },
    "storage.v1.TokenRequest": {"audience": ""},
    "storage.v1.VolumeAttributesClass": {"metadata.finalizers": AddedItems(["kubernetes.io/vac-protection"])},
    "storage.v1.StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
}

ALLOCATED: Mapping[str, frozenset[str]] = {
    "core.v1.ServiceSpec": frozenset(
        {"clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy"}
    ),
    "core.v1.ServicePort": frozenset({"nodePort"}),
    "certificates.v1.CertificateSigningRequestSpec": frozenset({"extra", "groups", "username"}),
}
"""Values that the server allocates for each object on creation. They have no owner until someone sets them."""
