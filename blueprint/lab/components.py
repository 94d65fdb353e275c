"""The command lines of the control plane's processes.

They run in the lab's folder, so file names are relative. etcd listens on a socket in that private folder: there is no
second port, and no other user of the machine can bypass the API server.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blueprint.check.common.kai import SCHEDULER as SCHEDULER_OF_KAI
from blueprint.lab.pins import CONTROLLERS, LIVE

STAGES = Path(__file__).with_name("stages.yaml")
SIMULATED = "gpublueprint.dev/simulated"
"""The annotation of a simulated node."""
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
"""All controllers of the controller manager; two are disabled by default. Those that need a cloud do not start."""

SCHEDULER_KUBECONFIG = "scheduler.kubeconfig"
"""The kubeconfig of the schedulers' user, which is the only one that policies may allow to bind pods."""

GARBAGE = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""The Go garbage collector settings of a lab's processes: a fifth of the time, at the cost of memory up to a limit."""

STOOD_IN = (SCHEDULER_OF_KAI,)
"""Schedulers that the Kubernetes scheduler replaces, if a lab does not run them."""


def scheduler_config(stood_in: Sequence[str]) -> dict[str, Any]:
    """The configuration of the Kubernetes scheduler, which also replaces the given ones."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {"kubeconfig": SCHEDULER_KUBECONFIG, "qps": 2000, "burst": 4000},
        "podMaxBackoffSeconds": 5,
        "profiles": [{"schedulerName": name} for name in ("default-scheduler", *stood_in)],
    }


def etcd() -> list[str]:
    """A single member, without fsync, which a disposable store does not need."""
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

    The port is shared, because the supervisor keeps it reserved. TaintNodesByCondition would taint every node without a
    kubelet; ServiceAccount rejects pods until a controller has created `default`.
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
    """The optional processes, by binary. With `every`, all controllers, otherwise those that the lab's objects need.

    The others take time and have side effects: nodes without kubelet heartbeats are tainted after a minute.
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
    """The replacements for kubelets. With `every` controller, nodes need leases, otherwise they are considered dead."""
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
