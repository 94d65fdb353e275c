"""Writes of controllers, vendors and users, made on a real server under their names, and which of them are drift."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import ObjectId
from tests.support.drift_platform import MERGE_PATCH, Applied, apply, bundle_of
from tests.support.drift_world import every_kind

CA = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n").decode()
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CORE, APPS = "/api/v1", "/apis/apps/v1"
AKS_EXPRESSIONS = [
    {"key": "control-plane", "operator": "NotIn", "values": ["true"]},
    {"key": "kubernetes.azure.com/managedby", "operator": "NotIn", "values": ["aks"]},
]
CLEAN, FINDING = True, False
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class Write:
    """One write: the writer, the target, the change, and whether it is expected."""

    manager: str
    path: str
    body: Any
    clean: bool
    subresource: str = ""


def notes(key: str, value: str = "x") -> dict[str, Any]:
    return {"metadata": {"annotations": {key: value}}}


def labels(key: str, value: str = "x") -> dict[str, Any]:
    return {"metadata": {"labels": {key: value}}}


def holds(*names: str) -> dict[str, Any]:
    return {"metadata": {"finalizers": list(names)}}


def webhooks(**config: Any) -> list[dict[str, Any]]:
    return [
        {"op": "add", "path": f"/webhooks/0/{key.replace('__', '/')}", "value": value} for key, value in config.items()
    ]


KCM, NS = "kube-controller-manager", f"{CORE}/namespaces/NS"
DEPLOYMENT, SERVICE = f"{APPS}/namespaces/NS/deployments/NAME", f"{NS}/services/NAME"
INGRESS = "/apis/networking.k8s.io/v1/namespaces/NS/ingresses/NAME"
CHECK, CHANGE = f"{ADMISSION}/validatingwebhookconfigurations/NAME", f"{ADMISSION}/mutatingwebhookconfigurations/NAME"
API = "/apis/apiregistration.k8s.io/v1/apiservices/v1.remote.NAME.example.org"
CLAIM, WAITING = f"{NS}/persistentvolumeclaims/NAME-late", f"{NS}/persistentvolumeclaims/NAME-waiting"
TOKEN = f"{NS}/secrets/NAME-token"
ACCOUNT, LEASE = f"{NS}/serviceaccounts/NAME", "/apis/coordination.k8s.io/v1/namespaces/NS/leases/NAME"
VOLUME, ATTACHMENT = f"{CORE}/persistentvolumes/NAME", "/apis/storage.k8s.io/v1/volumeattachments/NAME"
SYNCER = "pod-security-admission-label-synchronization-controller"
BUNDLE = {"clientConfig__caBundle": CA}
MADE = "2026-01-01T00:00:00.000000Z"
POOL = "metallb.io/ip-allocated-from-pool"

WRITES = {
    # Kubernetes
    "scaled by the autoscaler": Write(KCM, DEPLOYMENT, {"spec": {"replicas": 3}}, CLEAN, "scale"),
    "scaled by KEDA": Write("keda-operator", DEPLOYMENT, {"spec": {"replicas": 5}}, CLEAN, "scale"),
    "scaled by a person": Write("kubectl", DEPLOYMENT, {"spec": {"replicas": 4}}, CLEAN, "scale"),
    "switched off by a person": Write("kubectl", DEPLOYMENT, {"spec": {"replicas": 0}}, FINDING, "scale"),
    "KEDA adds a label": Write("keda-operator", DEPLOYMENT, labels("x"), FINDING),
    "revision counter": Write(KCM, DEPLOYMENT, notes("deployment.kubernetes.io/revision", "7"), CLEAN),
    "revision counter, through status": Write(
        KCM, DEPLOYMENT, notes("deployment.kubernetes.io/revision", "7"), CLEAN, "status"
    ),
    "revision counter by a person": Write(
        "kubectl-edit", DEPLOYMENT, notes("deployment.kubernetes.io/revision", "9"), FINDING
    ),
    "status of a Deployment": Write(KCM, DEPLOYMENT, {"status": {"replicas": 1}}, CLEAN, "status"),
    "address of a load balancer": Write(
        "cloud-controller-manager",
        f"{NS}/services/NAME-balanced",
        {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}}},
        CLEAN,
        "status",
    ),
    "claim gets the default class late": Write(KCM, CLAIM, {"spec": {"storageClassName": "standard"}}, CLEAN),
    "claim gets a provisioner": Write(KCM, WAITING, notes("volume.kubernetes.io/storage-provisioner"), CLEAN),
    "claim gets something else": Write(KCM, WAITING, notes("volume.kubernetes.io/other"), FINDING),
    "legacy token noted": Write(
        "kube-apiserver", TOKEN, labels("kubernetes.io/legacy-token-last-used", "2026-11-29"), CLEAN
    ),
    "legacy token noted by a person": Write(
        "kubectl", TOKEN, labels("kubernetes.io/legacy-token-last-used", "2026-11-29"), FINDING
    ),
    "token filled in": Write(KCM, TOKEN, {"data": {"token": "eA==", "namespace": "eA=="}}, CLEAN),
    "token filled in by a person": Write("kubectl", TOKEN, {"data": {"token": "eA=="}}, FINDING),
    "key added to a token": Write(KCM, TOKEN, {"data": {"other": "eA=="}}, FINDING),
    "token in another secret": Write(KCM, f"{NS}/secrets/NAME", {"data": {"token": "eA=="}}, FINDING),
    "lease held": Write("some-operator", LEASE, {"spec": {"holderIdentity": "me", "renewTime": MADE}}, CLEAN),
    "lease labelled": Write("some-operator", LEASE, labels("x"), FINDING),
    # Load balancers
    "finalizer of the cloud": Write(
        "cloud-controller-manager", SERVICE, holds("service.kubernetes.io/load-balancer-cleanup"), CLEAN
    ),
    "finalizer of the AWS controller": Write("controller", SERVICE, holds("service.k8s.aws/resources"), CLEAN),
    "finalizer of the AWS controller on an Ingress": Write(
        "controller", INGRESS, holds("ingress.k8s.aws/resources"), CLEAN
    ),
    "finalizer of the AWS controller on a group": Write(
        "controller", INGRESS, holds("group.ingress.k8s.aws/team"), CLEAN
    ),
    "another finalizer by that controller": Write("controller", SERVICE, holds("example.org/hold"), FINDING),
    "that finalizer by a person": Write("kubectl-patch", SERVICE, holds("service.k8s.aws/resources"), FINDING),
    "pool of MetalLB": Write("controller", SERVICE, notes(POOL), CLEAN),
    "pool of MetalLB, older": Write("controller", SERVICE, notes("metallb.universe.tf/ip-allocated-from-pool"), CLEAN),
    "pool of MetalLB by a person": Write("kubectl", SERVICE, notes(POOL), FINDING),
    "MetalLB's request for an address": Write("controller", SERVICE, notes("metallb.io/loadBalancerIPs"), FINDING),
    # Certificates
    "authority by cert-manager": Write("cert-manager-cainjector", CHANGE, webhooks(**BUNDLE), CLEAN),
    "authority by older cert-manager": Write("cainjector", CHANGE, webhooks(**BUNDLE), CLEAN),
    "authority by Kueue": Write("kueue", CHECK, webhooks(**BUNDLE), CLEAN),
    "authority by an operator": Write("manager", CHECK, webhooks(**BUNDLE), CLEAN),
    "authority by OpenShift": Write("service-ca-operator", CHECK, webhooks(**BUNDLE), CLEAN),
    "authority of an APIService": Write("cert-manager-cainjector", API, {"spec": {"caBundle": CA}}, CLEAN),
    "authority of an APIService by a person": Write("kubectl", API, {"spec": {"caBundle": CA}}, FINDING),
    "authority by a person": Write("kubectl-edit", CHECK, webhooks(**BUNDLE), FINDING),
    "failure policy by cert-manager": Write("cert-manager-cainjector", CHECK, webhooks(timeoutSeconds=1), FINDING),
    # Clouds and distributions
    "selector by AKS": Write(
        "admissionsenforcer", CHECK, webhooks(namespaceSelector={"matchExpressions": AKS_EXPRESSIONS}), CLEAN
    ),
    "selector by AKS, older": Write(
        "admissionsenforcer",
        CHANGE,
        webhooks(namespaceSelector={"matchExpressions": [{"key": "control-plane", "operator": "DoesNotExist"}]}),
        CLEAN,
    ),
    "selector by AKS that switches the webhook off": Write(
        "admissionsenforcer", CHECK, webhooks(namespaceSelector={"matchLabels": {"no": "where"}}), FINDING
    ),
    "that selector by a person": Write(
        "kubectl-edit", CHECK, webhooks(namespaceSelector={"matchExpressions": AKS_EXPRESSIONS}), FINDING
    ),
    "pull secrets of OpenShift": Write(
        "openshift-controller-manager",
        ACCOUNT,
        {"secrets": [{"name": "web-dockercfg-x"}], "imagePullSecrets": [{"name": "web-dockercfg-x"}]},
        CLEAN,
    ),
    "pull secrets by a person": Write("kubectl", ACCOUNT, {"imagePullSecrets": [{"name": "mine"}]}, FINDING),
    "label syncer of OpenShift": Write(SYNCER, NS, labels("pod-security.kubernetes.io/audit", "baseline"), CLEAN),
    "label syncer of OpenShift warns": Write(SYNCER, NS, labels("pod-security.kubernetes.io/warn", "baseline"), CLEAN),
    "pod security by a person": Write("kubectl", NS, labels("pod-security.kubernetes.io/warn", "baseline"), FINDING),
    "ranges of ids": Write("cluster-policy-controller", NS, notes("openshift.io/sa.scc.mcs"), CLEAN),
    "ranges of ids by a person": Write("kubectl", NS, notes("openshift.io/sa.scc.uid-range"), FINDING),
    "project of Rancher": Write("rancher", NS, notes("field.cattle.io/projectId"), CLEAN),
    "status of Rancher": Write("rancher", NS, notes("cattle.io/status"), CLEAN),
    "finalizer of Rancher": Write("rancher", NS, holds("controller.cattle.io/namespace-auth"), CLEAN),
    "another finalizer by Rancher": Write("rancher", NS, holds("example.org/hold"), FINDING),
    "project by a person": Write("kubectl", NS, labels("field.cattle.io/projectId"), FINDING),
    "endpoints of Rancher": Write("rancher", DEPLOYMENT, notes("field.cattle.io/publicEndpoints", "[]"), CLEAN),
    "monitoring by the GPU Operator": Write(
        "gpu-operator", NS, labels("openshift.io/cluster-monitoring", "true"), CLEAN
    ),
    "monitoring by a person": Write("kubectl", NS, labels("openshift.io/cluster-monitoring", "true"), FINDING),
    # Storage
    "snapshot of a claim": Write(
        "snapshot-controller", WAITING, holds("snapshot.storage.kubernetes.io/pvc-as-source-protection"), CLEAN
    ),
    "attached volume": Write("csi-attacher", VOLUME, holds("external-attacher/some-driver"), CLEAN),
    "attachment": Write("csi-attacher", ATTACHMENT, holds("external-attacher/some-driver"), CLEAN),
    "other finalizer by an attacher": Write("csi-attacher", VOLUME, holds("example.org/hold"), FINDING),
    "finalizer of an attacher by a person": Write("kubectl", VOLUME, holds("external-attacher/x"), FINDING),
    # Users and other appliers: reported, whoever it is
    "Argo CD tracks it": Write("argocd-controller", SERVICE, notes("argocd.argoproj.io/tracking-id"), FINDING),
    "Flux tracks it": Write("kustomize-controller", SERVICE, labels("kustomize.toolkit.fluxcd.io/name"), FINDING),
    "rollout restarted": Write(
        "kubectl-rollout",
        DEPLOYMENT,
        {"spec": {"template": notes("kubectl.kubernetes.io/restartedAt", MADE)}},
        FINDING,
    ),
    "annotation by a person": Write("kubectl-annotate", SERVICE, notes("example.org/a"), FINDING),
    "annotation through a status": Write(
        "somebody", SERVICE, notes("service.beta.kubernetes.io/aws-load-balancer-internal", "false"), FINDING, "status"
    ),
    "label through a status": Write(
        "somebody", NS, labels("pod-security.kubernetes.io/audit", "privileged"), FINDING, "status"
    ),
    "label through a status by a controller": Write(KCM, SERVICE, labels("example.org/a"), FINDING, "status"),
    "mutated containers by a controller": Write(
        KCM, DEPLOYMENT, {"spec": {"template": {"spec": {"hostNetwork": True}}}}, FINDING
    ),
    "excluded from Gatekeeper": Write("gatekeeper", NS, labels("admission.gatekeeper.sh/ignore", "true"), FINDING),
}


@dataclass
class Place:
    """The objects that all of them write to, and their initial state."""

    applied: Applied
    name: str

    def url(self, path: str) -> str:
        return path.replace("namespaces/NS", f"namespaces/{self.applied.namespace}").replace("NAME", self.name)


@pytest.fixture(scope="module")
def place(lab: Any) -> Iterator[Place]:
    """Applied once, in a lab of its own without controllers; each write is undone after it was checked."""
    name = "vendors"
    objects = [o for o in every_kind(name, name) if o["kind"] not in {"Pod", "Node", "FlowSchema", "Thing", "Job"}]
    objects.append(aggregated(name))
    with lab.fresh() as own:
        connection = connect(str(own.kubeconfig))
        bundle = bundle_of(name, objects)
        apply(bundle, connection)
        yield Place(Applied(bundle, name, connection), name)
        connection.close()


def aggregated(name: str) -> dict[str, Any]:
    """An API of an aggregated server, which does not exist."""
    group = f"remote.{name}.example.org"
    rank = {"groupPriorityMinimum": 100, "versionPriority": 1}
    spec = {"group": group, "version": "v1", "service": {"name": name, "namespace": name}, **rank}
    kind = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService"}
    return {**kind, "metadata": {"name": f"v1.{group}"}, "spec": spec}


@pytest.mark.parametrize("case", WRITES)
def test_a_write_is_judged_by_what_who_and_where(place: Place, case: str) -> None:
    write = WRITES[case]
    connection, url = place.applied.connection, place.url(write.path)
    before = connection.get(url)
    target = f"{url}/{write.subresource}" if write.subresource else url
    how = JSON_PATCH if isinstance(write.body, list) else MERGE_PATCH
    connection.request("PATCH", target, write.body, query={"fieldManager": write.manager}, content_type=how)
    after = connection.get(url)
    assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"], "it was a write"

    report = place.applied.drift()
    _take_back(connection, url, before)

    told = [(f.subject, f.path) for f in report.findings]
    if write.clean:
        assert told == []
        named = [each for each in report.left_out if write.manager in each.writer]
        unrecorded = {"status", "scale"} & {write.subresource}
        assert named or unrecorded, "what is left out is named with its writer"
    else:
        assert told
        assert {subject for subject, _ in told} == {_subject(before)}


def _subject(live: dict[str, Any]) -> str:
    return str(ObjectId.of(live))


def _take_back(connection: Connection, url: str, before: dict[str, Any]) -> None:
    """Restore the object, including managedFields."""
    now = connection.get(url)
    body = before | {"metadata": before["metadata"] | {"resourceVersion": now["metadata"]["resourceVersion"]}}
    if now["kind"] == "PersistentVolumeClaim" and now["spec"] != before["spec"]:
        return  # the class of a claim cannot be restored; no other write is made to this one
    connection.request("PUT", url, body, query={"fieldManager": "take-back"})


@pytest.mark.parametrize(
    ("makers", "least", "clean"),
    [
        ((), 1, False),
        (({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "x", "uid": "x"},), 1, True),
    ],
)
def test_zero_is_drift_unless_an_autoscaler_goes_there(
    place: Place, makers: tuple[Any, ...], least: int, clean: bool
) -> None:
    connection, url = place.applied.connection, place.url(DEPLOYMENT)
    before = connection.get(url)
    connection.request("PATCH", f"{url}/scale", {"spec": {"replicas": 0}}, content_type=MERGE_PATCH)
    scalers = f"/apis/autoscaling/v2/namespaces/{place.applied.namespace}/horizontalpodautoscalers"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": place.name}
    body = {
        "metadata": {"name": "scaler", "ownerReferences": list(makers)},
        "spec": {"minReplicas": least, "maxReplicas": 3, "scaleTargetRef": target},
    }
    connection.request("POST", scalers, body)

    findings = place.applied.findings()
    connection.delete(f"{scalers}/scaler")
    _take_back(connection, url, before)

    assert [(f.path, f.live) for f in findings] == ([] if clean else [("spec.replicas", 0)])
