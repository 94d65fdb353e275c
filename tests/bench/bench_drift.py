"""The cost of a drift check, compared with similar tools, in one run: `python -m tests.bench.bench_drift`.

300 Deployments of three containers (BENCH_OBJECTS for another number), against a compiled bundle: first unchanged, then
with every tenth edited. Wall time is that of whole processes, started again each time. The API server's CPU time is
that of its process meanwhile, from /proc.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from blueprint.apiserver.connect import connect
from blueprint.bundle.reader import read_bundle
from blueprint.inventory.membership import as_member, manager
from blueprint.lab import Lab
from blueprint.lab.assets import find
from tests.bench.bench_compile import measured
from tests.support.synthetic_blueprints import byte_compiled

ROOT = Path(__file__).resolve().parents[2]

ENVIRONMENT = byte_compiled()
COUNT = int(os.environ.get("BENCH_OBJECTS", "300"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
NAMESPACE = "bench"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number:04}
  namespace: bench
  labels:
    app: web-{number:04}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web-{number:04}
  template:
    metadata:
      labels:
        app: web-{number:04}
    spec:
      containers:
{containers}"""
CONTAINER = """\
        - name: {name}
          image: registry.example.org/{name}:1.2.3
          args: ["--level", "3"]
          env:
            - name: MODE
              value: fast
            - name: NODE
              valueFrom:
                fieldRef:
                  apiVersion: v1
                  fieldPath: spec.nodeName
          ports:
            - containerPort: {port}
              protocol: TCP
          resources:
            limits:
              cpu: "1"
              memory: 1Gi
            requests:
              cpu: 100m
              memory: 128Mi
"""
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: bench, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3"}
  nodePools:
    none: {nodes: {min: 0, max: 0}, selector: {bench: none}}
  components:
    nfd: {ownership: absent}
    gpu-operator: {ownership: absent}
  extraManifests: ["web-*.yaml"]
"""


def main() -> None:
    """Set up, measure, print."""
    kubectl = find("kubectl")
    with tempfile.TemporaryDirectory() as scratch, Lab.open() as lab:
        bundle = _applied(Path(scratch), lab)
        server = _pid("kube-apiserver", lab.folder)
        print(f"{COUNT} unchanged Deployments of 3 containers; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        ours = [sys.executable, "-m", "blueprint", "drift", str(bundle), "--kubeconfig", str(lab.kubeconfig)]
        wall, cpu = _measure(lambda: _run(ours), server)
        _tell("blueprint drift", wall, cpu)
        if kubectl is None:
            print("kubectl: not at hand; blueprint lab install --with-kubectl builds it")
        else:
            peer = [kubectl.path, "--kubeconfig", str(lab.kubeconfig), "diff", "--server-side"]
            peer_wall, peer_cpu = _measure(lambda: _run([*peer, "-R", "-f", str(bundle / "manifests")]), server)
            _tell("kubectl diff --server-side", peer_wall, peer_cpu)
            print(f"  drift is {peer_wall / wall:.1f} times faster")
        dry_wall, dry_cpu = _measure(lambda: _dry_runs(bundle, lab), server, repeats=1)
        _tell("SSA dry-run of each, one after the other", dry_wall, dry_cpu)
        print(f"  drift takes {dry_cpu / max(cpu, 1e-9):.0f} times less of the API server's CPU")
        unchanged = measured(ours)
        _edit_each_tenth(lab)
        for what, cost in (("unchanged", unchanged), ("a tenth edited", measured(ours, expected=1))):
            print(f"blueprint drift, {what:24} {cost.wall:7.2f} s wall {cost.cpu:7.2f} s CPU {cost.memory:6.0f} MiB")


def _applied(scratch: Path, lab: Lab) -> Path:
    """Compile and apply; returns the bundle's folder."""
    bundle = compiled(scratch, lab)
    _run([sys.executable, "-m", "blueprint", "apply", str(bundle), "--kubeconfig", str(lab.kubeconfig)])
    return bundle


def compiled(scratch: Path, lab: Lab) -> Path:
    """Compile, and create the namespace; returns the bundle's folder."""
    for number in range(COUNT):
        containers = "".join(CONTAINER.format(name=f"c{i}", port=8000 + i) for i in range(3))
        text = DEPLOYMENT.format(number=number, containers=containers)
        (scratch / f"web-{number:04}.yaml").write_text(text)
    (scratch / "blueprint.yaml").write_text(BLUEPRINT)
    lab.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    tool = [sys.executable, "-m", "blueprint"]
    _run([*tool, "compile", str(scratch / "blueprint.yaml"), "-o", str(scratch / "bundle")])
    return scratch / "bundle"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=ENVIRONMENT)
    if done.returncode:
        told = f"{done.stdout[-3000:]}{done.stderr[-2000:]}"
        raise SystemExit(f"{' '.join(command)} exited with {done.returncode}\n{told}")


def _edit_each_tenth(lab: Lab) -> None:
    for number in range(0, COUNT, 10):
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/web-{number:04}"
        lab.request("PATCH", path, {"spec": {"replicas": 3}}, "application/merge-patch+json")


def _dry_runs(bundle: Path, lab: Lab) -> None:
    connection = connect(str(lab.kubeconfig))
    for obj in read_bundle(bundle).objects:
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{obj.id.name}"
        connection.apply(path, as_member(obj.data, "bench"), manager("bench"), dry_run=True)


def _measure(act: Callable[[], None], server: int, repeats: int = REPEATS) -> tuple[float, float]:
    """Median wall seconds of one run, and CPU seconds of the API server per object."""
    act()
    walls, before = [], _cpu(server)
    for _ in range(repeats):
        start = time.perf_counter()
        act()
        walls.append(time.perf_counter() - start)
    return statistics.median(walls), (_cpu(server) - before) / repeats / COUNT


def _tell(what: str, wall: float, cpu: float) -> None:
    print(f"{what:42} {wall:7.3f} s wall   {cpu * 1000:7.3f} ms of API-server CPU per object")


def _cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pid(name: str, folder: Path) -> int:
    """The process with that name that serves the lab in this folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            program = (entry / "cmdline").read_bytes().split(b"\0")[0]
            serves = (entry / "cwd").resolve() == folder.resolve()
        except OSError:
            continue
        if serves and program.endswith(name.encode()):
            return int(entry.name)
    raise SystemExit(f"no {name} serves {folder}")


if __name__ == "__main__":
    main()
