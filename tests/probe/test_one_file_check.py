"""A check is one file: the example of the how-to page, in a folder of its own, is collected, evaluated and
explained.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.nvml_stub.describe import h100x8
from tests.support.probe_examples import READINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/add-a-probe-check.md"
SCRIPT = """
import blueprint.probe.checks, json, sys
blueprint.probe.checks.__path__.append(sys.argv[1])
from blueprint.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
EXPECTATIONS = {
    "schemaVersion": "gpublueprint.dev/expectations/v1",
    "expectations": [{"pool": "train", "check": "gpu-link-width", "want": {"lanes": 16}, "sources": []}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file from the page."""
    [(name, text)] = re.findall(r"```python title=\S+/(\w+\.py)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / name).write_text(text, encoding="utf-8")
    return tmp_path / "checks"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def reading_with(path: Path, *widths: int) -> Path:
    """The healthy reading, with a link width for each GPU."""
    document: dict[str, Any] = json.loads((READINGS / "h100x8-healthy.json").read_text(encoding="utf-8"))
    document["calls"] += [
        {"call": "nvmlDeviceGetCurrPcieLinkWidth", "device": index, "child": 1, "outcome": "returned", "ms": 0.1,
         "return": 0, "returnName": "NVML_SUCCESS", "value": width}
        for index, width in enumerate(widths)
    ]  # fmt: skip
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("widths", "code", "says"),
    [
        ([16] * 8, 0, "10 as declared"),
        ([16] * 7 + [8], 1, "error[BP9998] gpu-link-narrow: the PCIe link of GPU-"),
        ([16] * 7 + [0], 3, "nvmlDeviceGetCurrPcieLinkWidth answered 0, which is not above zero"),
        ([], 3, "nvmlDeviceGetCurrPcieLinkWidth(0) is not in the reading"),
    ],
)
def test_it_is_judged_and_reported(folder: Path, tmp_path: Path, widths: list[int], code: int, says: str) -> None:
    reading = reading_with(tmp_path / "reading.json", *widths)
    expect = tmp_path / "expectations.json"
    expect.write_text(json.dumps(EXPECTATIONS), encoding="utf-8")
    done = run(folder, "probe", "--reading", str(reading), "--expect", str(expect), "--pool", "train")
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout


def test_its_code_is_explained(folder: Path) -> None:
    done = run(folder, "explain", "BP9998")
    assert "has fewer lanes than declared" in done.stdout


def test_its_call_is_made(folder: Path, tmp_path: Path, describe: Any) -> None:
    """The stub does not implement this function, which is also a valid response."""
    out = tmp_path / "out.json"
    run(folder, "probe", "--library", str(describe(h100x8())), "--node", "gpu-0", "-o", str(out))
    calls = json.loads(out.read_text(encoding="utf-8"))["calls"]
    made = [each for each in calls if each["call"] == "nvmlDeviceGetCurrPcieLinkWidth"]
    assert [(each["device"], each["return"]) for each in made] == [(index, 13) for index in range(8)]
