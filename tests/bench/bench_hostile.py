"""The resources that `blueprint lint` needs for hostile files: `python -m tests.bench.bench_hostile [SHAPE ...]`.

Each file has 10 MB (`BENCH_MEGABYTES`) and is linted by a process of its own. CPU and wall seconds are the minimum of
several rounds (`BENCH_REPEATS`), memory is the peak. A line ends in `<<<` where a limit is exceeded: 1 s of CPU for
each MB, 1 GiB, or an exit code that is none of a finished check.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.hostile_shapes import SHAPES, shape
from tests.support.synthetic_blueprints import byte_compiled

MEGABYTES = float(os.environ.get("BENCH_MEGABYTES", "10"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "2"))
MOST_SECONDS = MEGABYTES
MOST_MIB = 1024
FINISHED = (0, 1, 3)
STOPPED_AFTER = 300
"""Seconds of CPU."""


def main() -> None:
    """Print a line for each shape, or for the named ones."""
    environment = byte_compiled()
    print(f"{'':34}{'MB':>6}{'exit':>6}{'CPU s':>8}{'wall s':>8}{'MiB':>7}  report")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "hostile.yaml"
        for name in sys.argv[1:] or SHAPES:
            size = file.write_bytes(shape(name, int(MEGABYTES * 1e6)))
            rows = [run(file, environment) for _ in range(REPEATS)]
            code, length = rows[0][0], rows[0][4]
            cpu, wall, memory = (min(row[column] for row in rows) for column in (1, 2, 3))
            missed = cpu > MOST_SECONDS or memory > MOST_MIB or code not in FINISHED
            line = f"{name:34}{size / 1e6:6.1f}{code:6}{cpu:8.2f}{wall:8.2f}{memory:7.0f}{length / 1e3:7.0f} kB"
            print(line, "<<<" if missed else "", flush=True)


def run(file: Path, environment: dict[str, str]) -> tuple[int, float, float, float, int]:
    """Exit code, CPU and wall seconds, MiB, and bytes of the report."""
    command = [sys.executable, "-m", "blueprint", "lint", str(file)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as report:
        process = subprocess.Popen(command, stdout=report, stderr=subprocess.STDOUT, env=environment)
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (STOPPED_AFTER, STOPPED_AFTER))
        _, status, used = os.wait4(process.pid, 0)
        length = os.fstat(report.fileno()).st_size
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    return process.returncode, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, length


if __name__ == "__main__":
    main()
