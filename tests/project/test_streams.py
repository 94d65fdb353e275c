"""What a user sees first: typing errors, and errors where a shell or a pipe expects output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.cli.main import main

GOOD = Path(__file__).resolve().parents[2] / "examples" / "h100-training" / "blueprint.yaml"
WRONG = ["--set", "spec.nodePools.train.gpu.product=H100-SMX5-80GB"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compile", str(GOOD), *WRONG, "-o", "-"], "BP3101"),
        (["images", str(GOOD), *WRONG], "BP3101"),
        (["init", "--pool", "a=H100-SMX5-80GBx1x1", "-o", "-"], "BP0002"),
        (["convert", "not-there.yaml"], "BP1001"),
        (["lab", "up", "not-there.yaml"], "BP1001"),
        (["probe", "--library", "/not/there.so", "-o", "-", "--call-timeout", "x"], "call-timeout"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_errors_go_beside_the_product(arguments: list[str], code: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Otherwise `export KUBECONFIG=$(blueprint lab up)` would hide them, and `blueprint images | while read` would pull
    them.
    """
    assert main(arguments) in (1, 2)
    told = capfd.readouterr()
    assert told.out == ""
    assert code in told.err


@pytest.mark.parametrize("arguments", [["validate", str(GOOD), *WRONG], ["compile", str(GOOD), *WRONG, "-o", "x"]])
def test_a_report_that_is_the_result_stays_on_stdout(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "blueprint.cli.main", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "BP3101" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["compil"], "did you mean compile?"),
        (["qwerty"], "verbs: admit, apply, compile,"),
        (["trace", str(GOOD), "spec.nodePools.trian.gpu"], "did you mean spec.nodePools.train.gpu?"),
        (["trace", str(GOOD), "Deployment/gpu-operater"], "did you mean Deployment/gpu-operator?"),
        (["trace", str(GOOD), "spec.x"], "such as spec.release"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_is_misspelt_gets_the_nearest_spelling(
    arguments: list[str], meant: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in (1, 2)
    told = capfd.readouterr()
    assert meant in " ".join((told.out + told.err).split())
