"""What a first apply costs, beside kubectl, in one run: `python tests/bench/bench_apply.py`.

300 Deployments of three containers into an empty namespace, each time anew. Wall time is that of whole processes, and
the API server's CPU is what its process used meanwhile.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench_drift import COUNT, NAMESPACE, REPEATS, ROOT, _cpu, _pid, _run, _tell, compiled

sys.path.insert(0, str(ROOT))

from blueprint.cluster.connect import connect
from blueprint.cluster.inventory import NAMESPACE as RECORDS
from blueprint.lab import Lab
from blueprint.lab.assets import find

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
        walls: dict[str, list[float]] = {"blueprint apply": [], "kubectl apply --server-side": []}
        used = dict.fromkeys(walls, 0.0)
        server = _pid("kube-apiserver", lab.folder)
        for round_ in range(REPEATS + 1):
            for name, command in zip(walls, (ours, peer), strict=True):
                _emptied(lab)
                wall, cpu = _once(lambda command=command: _run(command), server)  # type: ignore[misc]
                if round_:  # the first of each warms up
                    walls[name].append(wall)
                    used[name] += cpu / REPEATS / COUNT
        for name, each in walls.items():
            _tell(name, statistics.median(each), used[name])
        mine, theirs = (statistics.median(each) for each in walls.values())
        print(f"  a first apply takes {mine / theirs:.2f} times as long")


def _emptied(lab: Lab) -> None:
    """No Deployment, and no record of any."""
    connection = connect(str(lab.kubeconfig))
    connection.delete(DEPLOYMENTS)
    if any(n["metadata"]["name"] == RECORDS for n in connection.list("/api/v1/namespaces")):
        connection.delete(f"/api/v1/namespaces/{RECORDS}/configmaps")
    if left := connection.list(DEPLOYMENTS):
        raise SystemExit(f"{len(left)} Deployments are left")


def _once(act: Callable[[], None], server: int) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the API server."""
    start, before = time.perf_counter(), _cpu(server)
    act()
    return time.perf_counter() - start, _cpu(server) - before


if __name__ == "__main__":
    main()
