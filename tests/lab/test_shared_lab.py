"""The rules of `tests/conftest.py`, on test runs of its own: one lab per run, no silent skips."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lab_inhabitants import inhabitants
from tests.support.waits import PATIENCE, eventually

CONFTEST = Path(__file__).parent.parent / "conftest.py"
WORKERS = ["-n2", "--dist=load"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  lab: needs a control plane\n  reference: needs files\n")
    return folder


def run(project: Path, tests: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    (project / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={project.parent}/base"]
    return subprocess.Popen(
        [*command, *arguments, str(project)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=project,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | environment,
    )


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def no_binaries(folder: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(folder), "KUBEBUILDER_ASSETS": "", "PATH": "/nowhere", "BLUEPRINT_REQUIRE_LAB": ""}


@pytest.mark.lab
def test_all_workers_share_one_lab_and_it_outlives_the_worker_that_started_it(project: Path) -> None:
    """One test kills its own worker; the replacement and the other worker continue with the same lab."""
    tests = """
import os, pathlib, pytest
here = pathlib.Path(__file__).parent

@pytest.mark.parametrize("n", range(6))
def test_it(lab, n):
    lab.request("GET", "/readyz")
    with (here / "servers").open("a") as file:
        file.write(lab.server + "\\n")
    if n == 0:
        os.kill(os.getpid(), 9)
"""
    code, said = outcome(run(project, tests, *WORKERS))

    assert code == 1, said
    assert "1 failed, 5 passed" in said
    assert len(set((project / "servers").read_text().split())) == 1
    folder = project.parent / "base" / "shared-lab"
    eventually(lambda: not inhabitants(folder) and not folder.exists(), "the lab is gone")


@pytest.mark.lab
@pytest.mark.parametrize("workers", [[], WORKERS])
def test_the_lab_dies_with_the_run_even_under_kill_9(project: Path, workers: list[str]) -> None:
    tests = "import time\ndef test_it(lab): time.sleep(600)\ndef test_too(lab): time.sleep(600)\n"
    process = run(project, tests, *workers)
    folder = project.parent / "base" / "shared-lab"
    eventually(lambda: len(inhabitants(folder)) == 3, "the lab runs")

    process.send_signal(signal.SIGKILL)

    eventually(lambda: not inhabitants(folder) and not folder.exists(), "the lab is gone")
    process.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("workers", [[], WORKERS])
def test_without_binaries_the_tests_do_not_run_and_the_summary_says_so(project: Path, workers: list[str]) -> None:
    tests = "import pytest\ndef test_a(lab): pass\n@pytest.mark.lab\ndef test_b(): pass\ndef test_c(): pass\n"

    code, said = outcome(run(project, tests, *workers, **no_binaries(project)))

    assert code == 0
    assert "1 passed, 2 skipped" in said
    assert re.search(r"2 tests against the API server did NOT RUN: no etcd and no kube-apiserver", said)


def test_a_run_that_requires_the_lab_fails_when_the_lab_cannot_be_built(project: Path) -> None:
    environment = no_binaries(project) | {
        "BLUEPRINT_REQUIRE_LAB": "1",
        "GOPROXY": "off",
        "GOFLAGS": "",
        "HOME": str(project),
    }
    environment |= {"GOMODCACHE": str(project / "modules"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}

    code, said = outcome(run(project, "def test_a(lab): pass\n", **environment))

    assert code == 4
    assert "BLUEPRINT_REQUIRE_LAB=1, but: " in said


@pytest.mark.lab
@pytest.mark.parametrize("workers", [[], WORKERS])
def test_a_run_that_requires_the_lab_fails_on_a_skipped_test_of_it(project: Path, workers: list[str]) -> None:
    tests = "import pytest\n@pytest.mark.lab\ndef test_a(): pytest.skip('not today')\ndef test_b(): pass\n"

    assert outcome(run(project, tests, *workers, BLUEPRINT_REQUIRE_LAB=""))[0] == 0
    code, said = outcome(run(project, tests, *workers, BLUEPRINT_REQUIRE_LAB="1"))

    assert code == 1
    assert "1 test against the API server did NOT RUN: not today" in said


@pytest.mark.lab
def test_what_only_a_named_folder_can_bring_may_be_skipped_even_there(project: Path) -> None:
    tests = (
        "import pytest\n@pytest.mark.lab\n@pytest.mark.reference\ndef test_a(): pytest.skip('no folder')\n"
        "def test_b(): pass\n"
    )

    code, said = outcome(run(project, tests, BLUEPRINT_REQUIRE_LAB="1"))

    assert code == 0
    assert "1 test on what the upstream charts render did NOT RUN: no folder" in said
