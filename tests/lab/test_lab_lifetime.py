"""A lab leaves nothing behind, whatever is killed at any time: no process, no folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.lab import Lab
from blueprint.lab.launch import take_down
from tests.support.lab_inhabitants import inhabitants, start, supervisor_of
from tests.support.waits import PATIENCE, eventually

pytestmark = pytest.mark.lab

A_TEST = """
import sys, time
from blueprint.lab import Lab
lab = Lab.open()
print(lab.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A folder of labs, which does not exist yet; anything that a failing test leaves in it is stopped."""
    yield tmp_path / "labs"
    for folder in (tmp_path / "labs").glob("*"):
        take_down(folder)


def test_the_lab_of_a_test_dies_with_it_even_under_kill_9() -> None:
    parent = subprocess.Popen([sys.executable, "-c", A_TEST], stdout=subprocess.PIPE, text=True)
    folder = Path(parent.stdout.readline().strip())
    assert len(inhabitants(folder)) == 3, "supervisor, etcd, API server"

    parent.kill()  # without a waiting parent: a zombie is also dead

    eventually(lambda: not inhabitants(folder) and not folder.exists(), "the lab is gone")
    parent.wait()


def test_leaving_the_with_block_leaves_nothing() -> None:
    with Lab.open() as lab:
        folder = lab.folder
        assert len(inhabitants(folder)) == 3
        assert folder.stat().st_mode & 0o077 == 0, "keys of an administrator lie in it"

    assert inhabitants(folder) == {}
    assert not folder.exists()


@pytest.mark.parametrize(
    ("how", "after"),
    [
        *((signal.SIGKILL, seconds) for seconds in (0.0, 0.15, 0.6, 1.2)),
        *((signal.SIGINT, seconds) for seconds in (0.0, 0.15, 1.2)),
        *((signal.SIGTERM, seconds) for seconds in (0.0, 0.6)),
        (signal.SIGHUP, 0.6),
    ],
)
def test_up_interrupted_before_it_returned_leaves_nothing(state: Path, how: signal.Signals, after: float) -> None:
    """From the moment its supervisor exists until shortly before the API server is ready."""
    up = start("lab", "up", "--state", str(state))
    eventually(lambda: inhabitants(state / "default"), "the lab is being brought up")
    time.sleep(after)

    os.killpg(up.pid, how)

    said, _ = up.communicate(timeout=PATIENCE)
    assert said == ""
    assert up.returncode == (-how if how is signal.SIGKILL else 130)
    eventually(lambda: not inhabitants(state / "default") and not state.exists(), "the lab is gone")


def test_an_interrupted_up_has_cleaned_up_when_it_returns(state: Path) -> None:
    """When the prompt returns, everything is gone: no waiting is needed, unlike after kill -9."""
    up = start("lab", "up", "--state", str(state))
    eventually((state / "default" / "kube-apiserver.log").exists, "the API server is started")

    os.killpg(up.pid, signal.SIGINT)
    up.communicate(timeout=PATIENCE)

    assert inhabitants(state / "default") == {}
    assert not state.exists()


def test_up_prints_one_path_and_lives_on_until_down(state: Path) -> None:
    """If `communicate` returns, the lab holds none of our pipes."""
    up = start("lab", "up", "--state", str(state))
    said, _ = up.communicate(timeout=PATIENCE)
    folder = state / "default"
    assert (said, up.returncode) == (f"{folder}/kubeconfig\n", 0)
    time.sleep(0.5)  # longer than the supervisor takes to miss an owner
    before = inhabitants(folder)
    assert len(before) == 3

    again, _ = start("lab", "up", "--state", str(state)).communicate(timeout=PATIENCE)

    assert again == said
    assert inhabitants(folder) == before, "the same lab, not another one"
    assert start("lab", "down", "--state", str(state)).wait(PATIENCE) == 0
    assert inhabitants(folder) == {}
    assert not state.exists()


def test_two_ups_at_once_share_one_lab(state: Path) -> None:
    ups = [start("lab", "up", "--state", str(state)) for _ in range(2)]

    said = {up.communicate(timeout=PATIENCE)[0] for up in ups}

    assert said == {f"{state}/default/kubeconfig\n"}
    assert len(inhabitants(state / "default")) == 3


def test_killing_the_supervisor_takes_its_processes_along_and_up_starts_afresh(state: Path) -> None:
    folder = state / "default"
    start("lab", "up", "--state", str(state)).communicate(timeout=PATIENCE)

    os.kill(supervisor_of(folder), signal.SIGKILL)

    eventually(lambda: not inhabitants(folder), "the lab is gone")
    status = start("lab", "status", "--state", str(state))
    assert "supervisor was killed" in status.communicate(timeout=PATIENCE)[0]
    assert status.returncode == 1
    assert start("lab", "up", "--state", str(state)).wait(PATIENCE) == 0
    assert len(inhabitants(folder)) == 3


def test_a_lab_whose_api_server_died_says_so_and_is_replaced(state: Path) -> None:
    folder = state / "default"
    start("lab", "up", "--state", str(state)).communicate(timeout=PATIENCE)
    [victim] = [pid for pid, program in inhabitants(folder).items() if "/kube-apiserver " in program]

    os.kill(victim, signal.SIGKILL)

    eventually(lambda: len(inhabitants(folder)) == 1, "etcd does not stay alone, and the supervisor is left to tell")
    said, _ = start("lab", "status", "--state", str(state)).communicate(timeout=PATIENCE)
    assert "kube-apiserver ended (killed by SIGKILL)" in said
    assert start("lab", "up", "--state", str(state)).wait(PATIENCE) == 0
    assert len(inhabitants(folder)) == 3


def test_down_never_signals_a_process_that_only_has_the_same_id(state: Path) -> None:
    """The folder is locked, so the lab is running; but the recorded process id now belongs to another process."""
    folder = state / "default"
    folder.mkdir(parents=True)
    stranger = subprocess.Popen(["sleep", "600"])
    record = {"name": "default", "phase": "detached", "supervisor": f"{stranger.pid}:1"}
    (folder / "lab.json").write_text(json.dumps(record))
    with contextlib.ExitStack() as stack:
        stack.callback(stranger.wait)
        stack.callback(stranger.kill)
        held = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)

        assert take_down(folder)

        assert stranger.poll() is None


def test_down_removes_what_a_killed_lab_left(state: Path) -> None:
    folder = state / "default"
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text('{"name": "default", "phase": "detached", "supervisor": "1:1"}')

    assert start("lab", "down", "--state", str(state)).wait(PATIENCE) == 0

    assert not folder.exists()
