"""Start-up, compiling and reading YAML, compared with similar tools, in one run: `python -m tests.bench.bench_front`.

Whole processes are started each time; the median of REPEATS is printed, with the fastest and the slowest. Reading
is measured in one process, as CPU time. The figures depend on the machine; the ratios less so.
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.synthetic_blueprints import byte_compiled

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = byte_compiled()
REPEATS = int(os.environ.get("BENCH_REPEATS", "9"))
EXAMPLE = ROOT / "examples/h100-training/blueprint.yaml"
BLUEPRINT = Path(sys.executable).with_name("blueprint")


def main() -> None:
    """Print every figure."""
    processes()
    yaml_readers()


def processes() -> None:
    """Wall and CPU time of whole commands."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = f"{folder}/bundle"
        compiling = [str(BLUEPRINT), "compile", str(EXAMPLE), "-o", bundle]
        rows = {
            "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
            "blueprint --version": [str(BLUEPRINT), "--version"],
            "blueprint --help": [str(BLUEPRINT), "--help"],
            "blueprint validate": [str(BLUEPRINT), "validate", str(EXAMPLE)],
            "blueprint compile": compiling,
            "blueprint compile --check": [*compiling, "--check"],
        }
        print(f"{'command':28}{'wall ms: median':>18}{'min':>8}{'max':>8}{'CPU ms':>10}")
        for name, command in rows.items():
            run(command)
            samples = [run(command) for _ in range(REPEATS)]
            wall = sorted(sample[0] * 1e3 for sample in samples)
            cpu = statistics.median(sample[1] * 1e3 for sample in samples)
            print(f"{name:28}{statistics.median(wall):18.0f}{wall[0]:8.0f}{wall[-1]:8.0f}{cpu:10.0f}")


def run(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process. Raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def yaml_readers() -> None:
    """Lines per second of CPU time, over the manifests of the example, twenty times over."""
    import yaml
    from ruamel.yaml import YAML

    from blueprint.pipeline import compile_blueprint
    from blueprint.source.loader import load_documents
    from blueprint.source.yaml_writer import emit

    bundle = compile_blueprint(str(EXAMPLE)).bundle
    assert bundle is not None
    text = "---\n".join([emit(obj.data) for obj in bundle.objects] * 4)
    lines = text.count("\n")
    readers: dict[str, Callable[[], object]] = {
        "ours: values and positions": lambda: load_documents(text, "bench.yaml"),
        "PyYAML CSafeLoader: values": lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader)),
        "PyYAML C nodes: positions": lambda: list(yaml.compose_all(text, Loader=yaml.CSafeLoader)),
        "ruamel safe C: values": lambda: list(YAML(typ="safe").load_all(io.StringIO(text))),
        "ruamel round trip: both": lambda: list(YAML(typ="rt").load_all(io.StringIO(text))),
    }
    print(f"\nreading {lines} lines of manifests\n{'reader':32}{'lines/s':>12}")
    for name, read in readers.items():
        times = []
        for _ in range(1 if "round trip" in name else 5):
            start = time.process_time()
            read()
            times.append(time.process_time() - start)
        print(f"{name:32}{lines / min(times):12,.0f}")


if __name__ == "__main__":
    main()
