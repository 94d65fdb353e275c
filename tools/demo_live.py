#!/usr/bin/env python3
"""The complete workflow against a real API server on this machine: `make demo-live`.

The demo installs the local control plane if it is missing (about 10 minutes, once), applies the example, changes an
object manually and detects the drift. It then examines a GPU node that differs from the blueprint. Every command is
printed, and its exit code and a part of its output are checked. A stub library replaces NVML unless --library names a
real libnvidia-ml.so.1.

With --page FILE the transcript is also written as a tutorial page.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

EXAMPLE = ROOT / "examples/h100-training/blueprint.yaml"
LAB = "demo"
TIMEOUT_S = 1800
HOST_NETWORK = '{"spec":{"template":{"spec":{"hostNetwork":true}}}}'


class Unexpected(Exception):  # noqa: N818 - what happened, not a kind of error
    """A step did not behave as the demo expects."""


@dataclass
class Stage:
    """Runs commands in a folder, prints them as a user would type them, and keeps the transcript."""

    folder: Path
    environment: dict[str, str]
    page: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Print a line of explanation."""
        print(f"\n\033[1m# {line}\033[0m" if sys.stdout.isatty() else f"\n# {line}", flush=True)
        self.page += ["", line, ""]

    def run(self, command: str, *, exits: int = 0, wants: str = "", stdin: str = "") -> str:
        """Run one command and return its standard output. Raises Unexpected if the exit code or the output is not the
        expected one.
        """
        print(f"$ {command}", flush=True)
        words = shlex.split(command)
        if words[0] == "blueprint":
            words[:1] = [sys.executable, "-m", "blueprint"]
        result = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_S,
            check=False, input=stdin,
        )  # fmt: skip
        print(result.stdout + result.stderr, end="", flush=True)
        self.page += ["```console", f"$ {command}", *_shortened(result.stdout), "```"]
        if result.returncode != exits:
            raise Unexpected(f"`{command}` ended with exit code {result.returncode} instead of {exits}")
        if wants not in result.stdout + result.stderr:
            raise Unexpected(f"`{command}` does not say {wants!r}")
        return result.stdout


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", help="a real libnvidia-ml.so.1 to probe instead of the stand-in")
    parser.add_argument("--page", type=Path, help="write the transcript as a tutorial page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blueprint-demo-live-") as name:
        stage = Stage(Path(name), {**os.environ, "BLUEPRINT_LABS": "", "NO_COLOR": "1"})
        stage.environment.pop("BLUEPRINT_LABS")
        shutil.copy(EXAMPLE, stage.folder / "blueprint.yaml")
        try:
            _demo(stage, options.library)
        except Unexpected as problem:
            print(f"\nThe demo stopped: {problem}", file=sys.stderr)
            return 1
        finally:
            subprocess.run(
                [sys.executable, "-m", "blueprint", "lab", "down", "--name", LAB], check=False, capture_output=True
            )
    if options.page:
        options.page.write_text(_page(stage.page, Path(name)), encoding="utf-8")
    return 0


def _demo(stage: Stage, library: str | None) -> None:
    stage.say("A real kube-apiserver and etcd, built once from pinned sources:")
    stage.run("blueprint lab install --with-kubectl")
    stage.say("The lab starts in seconds. The nodes of the blueprint's pools exist as objects:")
    kubeconfig = stage.run(f"blueprint lab up blueprint.yaml --name {LAB}").strip()
    stage.environment["KUBECONFIG"] = kubeconfig
    _apply(stage)
    _drift(stage)
    _probe(stage, library)
    stage.say("Remove the lab. Nothing is left behind:")
    stage.run(f"blueprint lab down --name {LAB}")


def _apply(stage: Stage) -> None:
    stage.say("Validate and compile the blueprint. All later commands use the bundle:")
    stage.run("blueprint validate blueprint.yaml", wants="Valid")
    stage.run("blueprint compile blueprint.yaml -o bundle", wants="Wrote bundle")
    stage.say("Plan the changes, then apply them. The second apply writes nothing:")
    stage.run("blueprint plan bundle", wants="44 creates")
    stage.run("blueprint apply bundle", wants="52 written")
    stage.run("blueprint apply bundle", wants="Nothing written")
    stage.say("The cluster matches the bundle, so there is no drift:")
    stage.run("blueprint drift bundle", wants="No drift")


def _drift(stage: Stage) -> None:
    stage.say(
        "Change a Deployment by hand. `kubectl diff` would not show this change, because the field is not in the "
        "manifest:"
    )
    kubectl = _kubectl(stage)
    patch = f"patch deployment gpu-operator -n gpu-operator --type=merge -p '{HOST_NETWORK}'"
    _kubectl_run(stage, kubectl, patch)
    stage.say("drift reports the field, the writer and the time (exit code 1):")
    stage.run("blueprint drift bundle", exits=1, wants="hostNetwork")
    time.sleep(1.1)  # the API server stores times in seconds: two edits within a second would look like one
    stage.say("If a declared value is changed, drift also reports the blueprint line that it contradicts:")
    _kubectl_run(
        stage,
        kubectl,
        """patch clusterpolicy cluster-policy --type=merge -p '{"spec":{"driver":{"version":"570.1.2"}}}'""",
    )
    stage.run("blueprint drift bundle", exits=1, wants="blueprint.yaml:21:24")


def _kubectl(stage: Stage) -> str:
    """The kubectl that the lab built, or the one on the PATH."""
    status = stage.environment
    told = subprocess.run(
        [sys.executable, "-m", "blueprint", "lab", "status"], env=status, capture_output=True, text=True, check=True
    ).stdout
    match = re.search(r"binary kubectl .*?: (/\S+)", told)
    return match[1] if match else "kubectl"


def _kubectl_run(stage: Stage, kubectl: str, arguments: str) -> None:
    print(f"$ kubectl {arguments}", flush=True)
    words = [kubectl, *shlex.split(arguments)]
    result = subprocess.run(words, env=stage.environment, capture_output=True, text=True, timeout=60, check=False)
    print(result.stdout + result.stderr, end="", flush=True)
    stage.page += ["```console", f"$ kubectl {arguments}", *result.stdout.splitlines(), "```"]
    if result.returncode:
        raise Unexpected(f"kubectl ended with exit code {result.returncode}")


def _probe(stage: Stage, library: str | None) -> None:
    if library is None:
        stage.say(
            "Now the GPUs. A stub of NVML and a synthetic /proc and /sys simulate a node of pool train with two "
            "faults: ECC is off on GPU 3, and one InfiniBand port is down:"
        )
        library = _stand_in(stage)
    else:
        stage.say(f"Now the GPUs of this machine, through {library}:")
    root = " --root machine" if (stage.folder / "machine").exists() else ""
    stage.run(f"blueprint probe --library {library}{root} --node train-0000 -o readings/train-0000.json", wants="")
    stage.run(
        "blueprint probe --reading readings/train-0000.json --expect bundle --pool train",
        exits=1,
        wants="BP9301" if root else "Node/train-0000",
    )
    stage.say("drift combines the node, the GPU and the blueprint line. What was not examined is unknown, not clean:")
    stage.run("blueprint drift bundle --readings readings", exits=1, wants="blueprint.yaml:23:")
    stage.say("The same report as an HTML page, for reviewers and auditors:")
    stage.run("blueprint drift bundle --readings readings --report html=drift.html", exits=1)
    if not (stage.folder / "drift.html").exists():
        raise Unexpected("no HTML report was written")
    print(f"{(stage.folder / 'drift.html').stat().st_size} bytes of HTML")


def _stand_in(stage: Stage) -> str:
    import json

    from tests.support.nvml_stub.build import build
    from tests.support.nvml_stub.describe import h100x8, lie
    from tests.support.nvml_stub.root import Host, infiniband
    from tests.support.nvml_stub.root import build as build_root

    cards = infiniband()
    down = replace(cards[5], state="1: DOWN", physical="2: Polling")
    build_root(stage.folder / "machine", Host(cards=(*cards[:5], down, *cards[6:])))
    description = stage.folder / "train-0000.nvml.json"
    description.write_text(json.dumps(lie(h100x8(), 3, ecc=[0, 0]), indent=1), encoding="utf-8")
    (stage.folder / "readings").mkdir()
    stage.environment["BLUEPRINT_NVML_STUB"] = str(description)
    library = build(stage.folder)
    return library.name if library.parent == stage.folder else str(library)


def _shortened(text: str, most: int = 60) -> list[str]:
    lines = text.splitlines()
    return lines if len(lines) <= most else [*lines[: most - 10], f"... ({len(lines) - most} lines)", *lines[-10:]]


def _page(lines: list[str], folder: Path) -> str:
    head = [
        "# From a blueprint line to a GPU register",
        "",
        "This page is the transcript of `make demo-live`, which runs the same commands on your machine. The demo",
        "needs Linux, and ten minutes on the first run to build the control plane. The API server is real. The nodes",
        "are only objects, and a stub of NVML behind NVIDIA's own bindings simulates the GPUs: the page shows how the",
        "tool works, and proves nothing about hardware. Times and numbers that differ between runs are normalized.",
    ]
    return "\n".join([*head, *lines]).replace(str(folder), ".") + "\n"


if __name__ == "__main__":
    sys.exit(main())
