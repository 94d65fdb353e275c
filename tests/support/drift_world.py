"""The programs that surround controllers in a real cluster: a kubelet, a storage driver and a certificate approver.

They do not change any field that a blueprint declares, except as such programs do for every object of the kind.
"""

from __future__ import annotations

import base64
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ruamel.yaml import YAML

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from tests.support.drift_platform import MERGE_PATCH

Live = dict[str, Any]
READY = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"}
RUNNING, DONE = "Running", "Succeeded"


def every_kind(name: str, namespace: str) -> list[Live]:
    """One object of every built-in kind that is stored, and several if controllers treat them differently."""
    text = (Path(__file__).parents[1] / "drift" / "every_kind.yaml").read_text("utf-8")
    text = text.replace("NAMESPACE", namespace).replace("NAME", name).replace("REQUEST", _signing_request())
    return [dict(each) for each in YAML(typ="safe").load_all(text)]


def _signing_request() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


class World:
    """One node `name` that runs its pods, and all other programs that respond to controllers."""

    def __init__(self, connection: Connection, name: str, namespace: str) -> None:
        self._connection = connection
        self._name = name
        self._namespace = namespace

    def turn(self, dice: random.Random) -> None:
        """Do one round of the regular work of these programs. `dice` selects additional changes of the status."""
        self._beat()
        for pod in self._list("/api/v1/pods"):
            self._run(pod, dice)
        for claim in self._list("/api/v1/persistentvolumeclaims"):
            self._provide(claim)
        for request in self._list("/apis/certificates.k8s.io/v1/certificatesigningrequests"):
            self._approve(request)

    def default_class(self) -> None:
        """Make a storage class the default after claims without a class were created."""
        mark = {"storageclass.kubernetes.io/is-default-class": "true"}
        body = {"metadata": {"name": f"{self._name}-default", "annotations": mark}, "provisioner": "example.org/csi"}
        self._send("POST", "/apis/storage.k8s.io/v1/storageclasses", body, "kubectl-create")

    def _beat(self) -> None:
        """Send the heartbeat of the kubelet. Without it the node would get a taint."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = READY | {"lastHeartbeatTime": now, "lastTransitionTime": now}
        room = {"cpu": "64", "memory": "256Gi", "pods": "110"}
        status = {"conditions": [condition], "capacity": room, "allocatable": room}
        self._patch(f"/api/v1/nodes/{self._name}/status", {"status": status}, "kubelet")

    def _run(self, pod: Live, dice: random.Random) -> None:
        """Run bound pods, complete the pods of jobs, and remove deleted pods."""
        meta, status = pod["metadata"], pod.get("status", {})
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        if not pod["spec"].get("nodeName"):
            return
        if "deletionTimestamp" in meta:
            self._send("DELETE", path, {"gracePeriodSeconds": 0}, "kubelet")
        elif status.get("phase") not in {RUNNING, DONE} or dice.random() < 0.05:
            phase = DONE if pod["spec"]["restartPolicy"] == "Never" else RUNNING
            ready = str(phase == RUNNING and dice.random() < 0.95)
            conditions = [{"type": kind, "status": ready} for kind in ("Ready", "ContainersReady")]
            address = {"podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}]}
            self._patch(f"{path}/status", {"status": {"phase": phase, "conditions": conditions} | address}, "kubelet")

    def _provide(self, claim: Live) -> None:
        """Create a volume for a claim that a pod waits for, as the provisioner of a driver does."""
        meta, spec = claim["metadata"], claim["spec"]
        mark = "volume.kubernetes.io/selected-node"
        if spec.get("volumeName") or mark not in (meta.get("annotations") or {}):
            return
        claimed = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "uid": meta["uid"]}
        volume = {
            "metadata": {"name": f"pvc-{meta['uid']}"},
            "spec": {
                "accessModes": spec["accessModes"],
                "capacity": spec["resources"]["requests"],
                "claimRef": claimed | {"name": meta["name"], "namespace": meta["namespace"]},
                "csi": {"driver": f"{self._name}.example.org", "volumeHandle": meta["uid"]},
                "storageClassName": spec["storageClassName"],
            },
        }
        self._send("POST", "/api/v1/persistentvolumes", volume, "csi-provisioner")

    def _approve(self, request: Live) -> None:
        if request.get("status", {}).get("conditions"):
            return
        condition = {"type": "Approved", "status": "True", "reason": "Fine", "message": "approved"}
        path = f"/apis/certificates.k8s.io/v1/certificatesigningrequests/{request['metadata']['name']}/approval"
        self._patch(path, {"status": {"conditions": [condition]}}, "kubectl")

    def _list(self, path: str) -> Iterator[Live]:
        yield from self._connection.list(path)

    def _patch(self, path: str, body: Live, manager: str) -> None:
        self._send("PATCH", path, body, manager)

    def _send(self, method: str, path: str, body: Live, manager: str) -> None:
        """Send a request. Errors caused by concurrent changes (deleted, created, updated) are ignored."""
        how = {"content_type": MERGE_PATCH} if method == "PATCH" else {}
        query = {"fieldManager": manager} if method != "DELETE" else {}
        try:
            self._connection.request(method, path, body, query=query, **how)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise
