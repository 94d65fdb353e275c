"""The cost of compiling, compared with `helm template` and with growing input, in one run: `python -m
tests.bench.bench_compile`.

Whole processes, started anew each time. Helm is built once into the cache from the modules pinned in `helm/`; it
renders the charts of the same components, one after the other, from the folder that BLUEPRINT_CHARTS names (one
folder for each chart, under the chart's name). It renders only; ours also checks every object.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from blueprint.lab.pins import cache_root
from blueprint.lab.toolchain import find_go
from blueprint.pipeline import compile_blueprint
from tests.support.synthetic_blueprints import (
    byte_compiled,
    with_config_maps,
    with_deployments,
    with_objects,
    with_pools,
)

ROOT = Path(__file__).resolve().parents[2]

REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
CHARTS = os.environ.get("BLUEPRINT_CHARTS")
NAMES = {"nfd": "node-feature-discovery", "k8s-device-plugin": "nvidia-device-plugin"}
"""Charts whose name differs from the component's."""
WITHOUT_NFD = ["--set", "nfd.enabled=false"]
FLAGS = {"gpu-operator": WITHOUT_NFD, "network-operator": WITHOUT_NFD}
"""Node Feature Discovery is rendered by its own chart."""
ENVIRONMENT = byte_compiled()


class Cost(NamedTuple):
    """One process: seconds of wall and CPU, and its peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    """Print every figure."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, least of {REPEATS}")
    with tempfile.TemporaryDirectory() as scratch:
        starting()
        beside_helm(Path(scratch))
        growing(Path(scratch))


def starting() -> None:
    """What a compile must load before anything else, which Helm does not."""
    for what in ("pass", "import jinja2", "import pydantic", "import msgspec"):
        cost = fastest([measured([sys.executable, "-c", what]) for _ in range(REPEATS)])
        print(f"python -c {what!r:20}{cost.cpu * 1e3:8.0f} ms of CPU")


def beside_helm(scratch: Path) -> None:
    """Every example, and the charts of its components."""
    helm = built_helm() if CHARTS else None
    if helm is None:
        print("no charts: set BLUEPRINT_CHARTS")
    ours_of = f"{'objects':>8}{'compile: wall s':>17}{'CPU s':>8}{'ms each':>9}"
    print(f"\n{'example':24}{ours_of}{'helm: wall s':>14}{'CPU s':>8}  charts")
    print("(the fastest of the repeats)")
    for example in sorted(ROOT.glob("examples/*/blueprint.yaml")):
        compilation = compile_blueprint(str(example))
        if compilation.platform is None or compilation.bundle is None:
            raise SystemExit(f"{example} does not compile")
        ours = fastest([measured(compiling(example, scratch / "bundle")) for _ in range(REPEATS)])
        number = len(compilation.bundle.objects)
        row = f"{example.parent.name:24}{number:8}{ours.wall:17.2f}{ours.cpu:8.2f}{ours.cpu / number * 1e3:9.1f}"
        managed = [name for name, one in compilation.platform.components.items() if one.ownership == "managed"]
        print(row + (theirs(helm, managed) if helm else ""))


def theirs(helm: str, components: list[str]) -> str:
    """The rest of a row: Helm on the available charts, one after another."""
    folders = {name: Path(CHARTS or "") / NAMES.get(name, name) for name in components}
    there = {name: folder for name, folder in folders.items() if (folder / "Chart.yaml").is_file()}
    commands = [
        [helm, "template", "bench", str(folder), "--include-crds", *FLAGS.get(name, [])]
        for name, folder in there.items()
    ]
    runs = [[measured(command) for command in commands] for _ in range(REPEATS)]
    wall = min(sum(cost.wall for cost in run) for run in runs)
    cpu = min(sum(cost.cpu for cost in run) for run in runs)
    absent = sorted(folders.keys() - there.keys())
    return f"{wall:14.2f}{cpu:8.2f}  {', '.join(there)}" + (f"; without a chart: {', '.join(absent)}" if absent else "")


def growing(scratch: Path) -> None:
    """Ten times as many pools and objects, twice."""
    print(f"\n{'blueprint':24}{'wall s':>8}{'CPU s':>8}{'peak MiB':>10}")
    for what, make, counts in (
        ("pools", lambda folder, count: with_pools(folder, count, plain=True), (10, 100, 1000)),
        ("pools of every shape", with_pools, (10, 100, 1000)),
        ("objects", with_objects, (100, 1000, 10_000)),
        ("ConfigMaps", with_config_maps, (1000, 10_000)),
        ("Deployments", with_deployments, (1000, 10_000)),  # of three containers
    ):
        for count in counts:
            cost = measured(compiling(make(scratch, count), scratch / "bundle"))
            print(f"{f'{count} {what}':24}{cost.wall:8.2f}{cost.cpu:8.2f}{cost.memory:10.0f}")


def compiling(blueprint: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "blueprint", "compile", str(blueprint), "-o", str(out)]


def measured(command: list[str], expected: int = 0) -> Cost:
    """Run it to completion. Raises SystemExit if it does not exit as expected."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise SystemExit(f"{' '.join(command)} exited with {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def fastest(costs: list[Cost]) -> Cost:
    """The minimum of each figure: other processes can only add to it."""
    return Cost(*map(min, zip(*costs, strict=True)))


def built_helm() -> str:
    """Helm in the cache, built if it is missing."""
    binary = cache_root().parent / "bench" / "helm"
    if not binary.is_file():
        print("building helm (minutes, once)")
        binary.parent.mkdir(parents=True, exist_ok=True)
        command = [
            find_go("1.26.0", print),
            "build",
            "-mod=readonly",
            "-trimpath",
            "-ldflags",
            "-s -w",
            "-o",
            str(binary),
        ]
        fixed = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
        subprocess.run(
            [*command, "helm.sh/helm/v4/cmd/helm"],
            cwd=Path(__file__).parent / "helm",
            env=os.environ | fixed,
            check=True,
        )
    return str(binary)


if __name__ == "__main__":
    main()
