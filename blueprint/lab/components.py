"""The command lines of the control plane's processes.

They run in the lab's folder, so file names are relative. etcd listens on a socket in that private folder:
no second port, and no other user of the machine can write into the lab behind the API server's back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blueprint.check.common.kai import SCHEDULER as SCHEDULER_OF_KAI
from blueprint.lab.pins import CONTROLLERS, LIVE

STAGES = Path(__file__).with_name("stages.yaml")
SIMULATED = "gpublueprint.dev/simulated"
"""Annotation of a node that has no machine behind it."""
ISSUER = "https://kubernetes.default.svc"

CONTROLLER_LIST = (
    "namespace", "garbage-collector", "serviceaccount", "serviceaccount-token",
    "root-ca-certificate-publisher", "clusterrole-aggregation", "resourcequota", "deployment", "replicaset",
    "statefulset", "daemonset", "job", "cronjob", "ttl-after-finished", "disruption", "endpointslice",
    "resourceclaim", "device-taint-eviction", "taint-eviction", "pod-garbage-collector",
    "validatingadmissionpolicy-status", "persistentvolume-binder", "persistentvolumeclaim-protection",
    "ephemeral-volume",
)  # fmt: skip

EVERY_CONTROLLER = ("*", "bootstrap-signer-controller", "token-cleaner-controller")
"""All that the controller manager has; two are off unless they are named. Those that need a cloud do not start."""

SCHEDULER_KUBECONFIG = "scheduler.kubeconfig"
"""Of the user that schedulers are: policies may let no other one bind pods."""

GARBAGE = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""How rarely Go collects garbage in the processes of a lab: a fifth of their time, for memory up to a limit."""

STOOD_IN = (SCHEDULER_OF_KAI,)
"""Schedulers for which Kubernetes' stands in, where a lab does not run them."""


def scheduler_config(stood_in: Sequence[str]) -> dict[str, Any]:
    """The configuration of Kubernetes' scheduler, which stands in for others."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {"kubeconfig": SCHEDULER_KUBECONFIG, "qps": 2000, "burst": 4000},
        "podMaxBackoffSeconds": 5,
        "profiles": [{"schedulerName": name} for name in ("default-scheduler", *stood_in)],
    }


def etcd() -> list[str]:
    """One member, without the fsync that a throw-away store has no use for."""
    return [
        "--name=lab",
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        "--log-level=warn",
        "--quota-backend-bytes=4294967296",
        "--listen-client-urls=unix://etcd.sock",
        "--advertise-client-urls=unix://etcd.sock",
        "--listen-peer-urls=unix://peer.sock",
        "--initial-advertise-peer-urls=unix://peer.sock",
        "--initial-cluster=lab=unix://peer.sock",
    ]


def kube_apiserver(port: int, *, controllers: bool) -> list[str]:
    """An API server on 127.0.0.1 with RBAC.

    The port is shared, since the supervisor keeps it reserved. TaintNodesByCondition would taint every node
    that no kubelet reports ready; ServiceAccount refuses pods until a controller has made `default`.
    """
    off = ["TaintNodesByCondition"] if controllers else ["TaintNodesByCondition", "ServiceAccount"]
    return [
        "--etcd-servers=unix://etcd.sock",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        "--permit-port-sharing=true",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=ca.crt",
        f"--service-account-issuer={ISSUER}",
        "--service-account-key-file=sa.key",
        "--service-account-signing-key-file=sa.key",
        "--authorization-mode=Node,RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        "--event-ttl=10m",
        "--profiling=false",
        f"--disable-admission-plugins={','.join(off)}",
    ]


def controllers(*, every: bool) -> dict[str, list[str]]:
    """The optional processes, by binary. `every` controller, or those that make the lab's objects work.

    The others cost time and surprise people: nodes whose kubelet says nothing are tainted after a minute.
    """
    wanted = EVERY_CONTROLLER if every else tuple(f"{name}-controller" for name in CONTROLLER_LIST)
    scheduler, manager = CONTROLLERS
    return {
        scheduler: ["--config=scheduler.yaml", "--secure-port=0"],
        manager: [
            "--kubeconfig=kubeconfig",
            "--leader-elect=false",
            "--secure-port=0",
            "--use-service-account-credentials=true",
            "--service-account-private-key-file=sa.key",
            "--root-ca-file=ca.crt",
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
            "--cluster-signing-cert-file=ca.crt",
            "--cluster-signing-key-file=ca.key",
            f"--controllers={','.join(wanted)}",
        ],
    }


def live(*, every: bool) -> dict[str, list[str]]:
    """What stands in for kubelets. Under `every` controller the nodes need leases, else they are taken for dead."""
    [kwok] = LIVE
    return {
        kwok: [
            "--kubeconfig=kubeconfig",
            f"--config={STAGES}",
            f"--manage-nodes-with-annotation-selector={SIMULATED}=true",
            "--node-ip=127.0.0.1",
            f"--node-lease-duration-seconds={40 if every else 0}",
        ]
    }
