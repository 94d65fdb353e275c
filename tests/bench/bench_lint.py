"""`blueprint lint` compared with kubeconform, in one run: `python -m tests.bench.bench_lint`.

2,000 and 10,000 objects in 20 files, of the kinds that most charts are made of. kubeconform gets the same schemas, as
files in a folder, so that neither reads the network. Whole processes alternate; wall and CPU seconds are the medians of
several rounds, memory is the peak. kubeconform is built once from its pinned module; `BENCH_REPEATS` sets the rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blueprint.check.strict import strict_kind
from blueprint.kubernetes.api import known_minors, load_kubernetes
from tests.support.go_tools import GoTools
from tests.support.lint_inputs import KINDS, write_manifests
from tests.support.synthetic_blueprints import byte_compiled

KUBECONFORM = GoTools("kubeconform", ("github.com/yannh/kubeconform/cmd/kubeconform",), takes="two minutes")
COUNTS = (2_000, 10_000)
FILES = 20
REPEATS = int(os.environ.get("BENCH_REPEATS", "7"))
MINOR = known_minors()[-1]


def main() -> None:
    """Write, measure, print."""
    environment = byte_compiled()
    with tempfile.TemporaryDirectory() as scratch:
        schemas = Path(scratch) / "schemas"
        write_schemas(schemas)
        for count in COUNTS:
            folder = Path(scratch) / f"manifests-{count}"
            size = write_manifests(folder, count, FILES)
            print(f"{count:,} objects in {FILES} files, {size / 1e6:.1f} MB; load {os.getloadavg()[0]:.1f}")
            measure(commands(str(folder), schemas), environment)


def commands(folder: str, schemas: Path) -> dict[str, list[str]]:
    """The commands that alternate. Schemas only: without our rules, though references are always checked."""
    kubeconform = KUBECONFORM.built(wanted=True) / "kubeconform"
    template = f"{schemas}/{{{{ .ResourceKind }}}}-{{{{ .ResourceAPIVersion }}}}.json"
    ours = [sys.executable, "-m", "blueprint", "lint", folder, "--kubernetes", MINOR]
    return {
        "kubeconform": [str(kubeconform), "-strict", "-schema-location", template, folder],
        "lint, schemas": [*ours, "--ignore", "BP6"],
        "lint, all rules": ours,
    }


def write_schemas(folder: Path) -> None:
    """One file for each kind, named as kubeconform expects it."""
    folder.mkdir()
    api = load_kubernetes(MINOR)
    for api_version, kind in KINDS:
        found = api.find(api_version, kind)
        assert found is not None
        name = f"{kind.lower()}-{api_version.rpartition('/')[2]}.json"
        (folder / name).write_text(json.dumps(strict_kind(MINOR, found.definition)))


def measure(programs: dict[str, list[str]], environment: dict[str, str]) -> None:
    """Run them alternately and print a row each."""
    samples = {name: [run(command, environment)] for name, command in programs.items()}
    for _ in range(REPEATS - 1):
        for name, command in programs.items():
            samples[name].append(run(command, environment))
    peer = [statistics.median(column) for column in zip(*samples["kubeconform"], strict=True)]
    for name, rows in samples.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        times = f"{wall / peer[0]:4.2f} x wall {cpu / peer[1]:4.2f} x CPU"
        print(f"  {name:16} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:5.0f} MiB   {times}")


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and MiB of one process. Raises RuntimeError if it finds an error."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
