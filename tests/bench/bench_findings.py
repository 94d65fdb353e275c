"""The cost of the first findings, compared with a run without any: `python -m tests.bench.bench_findings`,
BENCH_OBJECTS=2000.

Unchanged Deployments of three containers, then one of them with a foreign label, then every tenth. Wall and CPU
seconds and peak memory are those of whole processes, the median of several.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blueprint.lab import Lab
from blueprint.lab.assets import find
from tests.bench import bench_drift
from tests.bench.bench_drift import ENVIRONMENT, NAMESPACE, REPEATS, ROOT

COUNT = int(os.environ.get("BENCH_OBJECTS", "2000"))


def main() -> None:
    """Set up, measure, print."""
    bench_drift.COUNT = COUNT
    kubectl = find("kubectl")
    if kubectl is None:
        raise SystemExit("there is no kubectl: blueprint lab install --with-kubectl")
    with tempfile.TemporaryDirectory() as scratch, Lab.open() as lab:
        bundle = bench_drift._applied(Path(scratch), lab)
        size = (bundle / "provenance.json").stat().st_size / 1e6
        print(f"{COUNT} Deployments of 3 containers; provenance.json {size:.0f} MB; load {os.getloadavg()[0]:.1f}")
        label = [kubectl.path, "--kubeconfig", str(lab.kubeconfig), "-n", NAMESPACE, "label", "deployment"]
        drift = [sys.executable, "-m", "blueprint", "drift", str(bundle), "--kubeconfig", str(lab.kubeconfig)]
        _tell("clean", drift)
        subprocess.run([*label, "web-0000", "added=here"], check=True, capture_output=True)
        _tell("one object changed", drift)
        tenth = [f"web-{number:04}" for number in range(0, COUNT, 10)]
        subprocess.run([*label, *tenth, "added=there", "--overwrite"], check=True, capture_output=True)
        _tell("every tenth changed", drift)


def _tell(what: str, command: list[str]) -> None:
    runs = sorted(_run(command) for _ in range(REPEATS))
    wall, cpu, memory, lines = runs[len(runs) // 2]
    print(f"  {what:24} {wall:6.2f} s wall  {cpu:6.2f} s CPU  {memory:5} MiB  {lines:5} lines of text")


def _run(command: list[str]) -> tuple[float, float, int, int]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT)
    assert process.stdout
    lines = process.stdout.read().count(b"\n")
    _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, lines


if __name__ == "__main__":
    main()
