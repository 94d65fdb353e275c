"""What `blueprint lint` takes, and how it grows: `python -m tests.bench.bench_lint`.

Deployments with a GPU and their Services, 2,000 and 10,000 objects in 20 files. Wall and CPU seconds and peak memory of
whole processes, the median of several; beside kubeconform where it is in PATH (schemas only, from its cache).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNTS = (2_000, 10_000)
FILES = 20
REPEATS = 3
PAIR = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{0}, namespace: default}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web-{0}}}}}
  template:
    metadata: {{labels: {{app: web-{0}}}}}
    spec:
      containers:
        - name: main
          image: registry.example/web:1
          env: [{{name: MODE, value: fast}}]
          ports: [{{containerPort: 80}}]
          resources: {{limits: {{nvidia.com/gpu: "1", memory: 1Gi}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web-{0}, namespace: default}}
spec: {{selector: {{app: web-{0}}}, ports: [{{port: 80}}]}}
"""


def main() -> None:
    """Write, measure, print."""
    kubeconform = shutil.which("kubeconform")
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as scratch:
            write_manifests(Path(scratch), count)
            print(f"{count} objects in {FILES} files; load {os.getloadavg()[0]:.1f}")
            _print("blueprint lint", [sys.executable, "-m", "blueprint", "lint", scratch])
            if kubeconform:
                _print("kubeconform", [kubeconform, "-cache", tempfile.gettempdir(), scratch])


def write_manifests(folder: Path, count: int) -> None:
    """So many objects, evenly over the files."""
    pairs = count // 2 // FILES
    for file in range(FILES):
        text = "".join(PAIR.format(file * pairs + number) for number in range(pairs))
        (folder / f"part-{file:02}.yaml").write_text(text)


def _print(what: str, command: list[str]) -> None:
    wall, cpu, memory = sorted(_run(command) for _ in range(REPEATS))[REPEATS // 2]
    print(f"  {what:16} {wall:6.2f} s wall  {cpu:6.2f} s CPU  {memory:5} MiB")


def _run(command: list[str]) -> tuple[float, float, int]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


if __name__ == "__main__":
    main()
