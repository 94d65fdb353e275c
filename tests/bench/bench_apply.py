"""The cost of a first apply, compared with kubectl, in one run: `python -m tests.bench.bench_apply`.

300 Deployments of three containers into an empty namespace, repeated. Wall time is that of whole processes; CPU is the
time of the API server's process meanwhile, and of the client. On a busy machine only CPU time is meaningful.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from blueprint.apiserver.connect import connect
from blueprint.inventory.membership import NAMESPACE as RECORDS
from blueprint.lab import Lab
from blueprint.lab.assets import find
from tests.bench.bench_drift import COUNT, NAMESPACE, REPEATS, _cpu, _pid, _run, _tell, compiled

Cost = tuple[float, float, float]
"""Wall seconds, CPU seconds of the API server, CPU seconds of the client."""

DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"


def main() -> None:
    """Set up, measure in turn, print."""
    kubectl = find("kubectl")
    if kubectl is None:
        raise SystemExit("kubectl is not at hand; blueprint lab install --with-kubectl builds it")
    with tempfile.TemporaryDirectory() as scratch, Lab.open() as lab:
        bundle = compiled(Path(scratch), lab)
        place = ["--kubeconfig", str(lab.kubeconfig)]
        ours = [sys.executable, "-m", "blueprint", "apply", str(bundle), *place]
        peer = [kubectl.path, *place, "apply", "--server-side", "-R", "-f", str(bundle / "manifests")]
        load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"first apply of {COUNT} Deployments of 3 containers; {load}")
        runs: dict[str, list[Cost]] = {"blueprint apply": [], "kubectl apply --server-side": []}
        server = _pid("kube-apiserver", lab.folder)
        for round_ in range(REPEATS + 1):
            for name, command in zip(runs, (ours, peer), strict=True):
                _emptied(lab)
                cost = _once(command, server)
                if round_:  # the first run of each is a warm-up
                    runs[name].append(cost)
        medians = [[statistics.median(kind) for kind in zip(*costs, strict=True)] for costs in runs.values()]
        for name, (wall, server_cpu, client_cpu) in zip(runs, medians, strict=True):
            _tell(name, wall, server_cpu / COUNT)
            print(f"{'':42} {client_cpu:7.3f} s of CPU of its own")
        (wall, *mine), (peer_wall, *theirs) = medians
        cpu = sum(mine) / sum(theirs)
        print(f"  a first apply takes {wall / peer_wall:.2f} times as long, and {cpu:.2f} times the CPU")


def _emptied(lab: Lab) -> None:
    """No Deployment, and no inventory."""
    connection = connect(str(lab.kubeconfig))
    connection.delete(DEPLOYMENTS)
    if any(n["metadata"]["name"] == RECORDS for n in connection.list("/api/v1/namespaces")):
        connection.delete(f"/api/v1/namespaces/{RECORDS}/configmaps")
    if left := connection.list(DEPLOYMENTS):
        raise SystemExit(f"{len(left)} Deployments are left")


def _once(command: list[str], server: int) -> Cost:
    start, before, used = time.perf_counter(), _cpu(server), _children()
    _run(command)
    return time.perf_counter() - start, _cpu(server) - before, _children() - used


def _children() -> float:
    """CPU seconds of the processes that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
