"""Whether the work grows linearly with the input: `python -m tests.bench.bench_growth`.

Instructions of whole processes, counted by valgrind, for n and 2n and 4n pools of every shape, and how much more the
second step took than twice the first: 1.00 is linear. Instructions repeat to a thousandth whatever else the machine
does. Planning and applying go to a lab; where there is none, or no valgrind, the bench says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from blueprint.lab import Lab
from tests.support.synthetic_blueprints import byte_compiled, with_pools

ROOT = Path(__file__).resolve().parents[2]
POOLS = int(os.environ.get("BENCH_POOLS", "48"))
"""From 33 pools on, values that pools determine together have a group of sources: starting with fewer would show that
step.
"""
ENVIRONMENT = byte_compiled() | {"PYTHONHASHSEED": "0"}


def main() -> None:
    """Print every figure."""
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind is not at hand: it counts the instructions")
    counts = (POOLS, 2 * POOLS, 4 * POOLS)
    print(f"millions of instructions for so many pools\n{'':16}" + "".join(f"{count:>10}" for count in counts))
    with tempfile.TemporaryDirectory() as scratch, Lab.open() as lab:
        rows: dict[str, list[float]] = {}
        for count in counts:
            for name, command in commands(Path(scratch) / str(count), count, str(lab.kubeconfig)).items():
                rows.setdefault(name, []).append(instructions(command))
    for name, (few, some, many) in rows.items():
        growth = (many - some) / 2 / (some - few)
        print(f"{name:16}{few:10.0f}{some:10.0f}{many:10.0f}   each further pool costs {growth:.2f} of one before it")


def commands(folder: Path, count: int, kubeconfig: str) -> dict[str, list[str]]:
    """What is counted, in this order: one command needs what the one before it wrote."""
    folder.mkdir()
    blueprint, bundle, plan = str(with_pools(folder, count)), str(folder / "bundle"), str(folder / "plan")
    return {
        "compile": ["compile", blueprint, "-o", bundle],
        "trace": ["trace", bundle, "ClusterPolicy/cluster-policy"],
        "plan -o": ["plan", bundle, "--kubeconfig", kubeconfig, "-o", plan],
        "apply PLAN": ["apply", plan, "--kubeconfig", kubeconfig],
    }


def instructions(command: list[str]) -> float:
    """Millions of instructions. Raises SystemExit if the command fails other than with findings."""
    counting = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    run = [*counting, sys.executable, "-m", "blueprint", *command]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=ROOT, env=ENVIRONMENT)
    found = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode > 1 or found is None:
        raise SystemExit(
            f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return int(found[1].replace(",", "")) / 1e6


if __name__ == "__main__":
    main()
