"""The suite also runs under nohup and as a background job, where SIGINT is ignored and child processes inherit that."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.waits import PATIENCE

ROOT = Path(__file__).parents[2]
HERE = f"{Path(__file__).relative_to(ROOT)}::test_ctrl_c_reaches_what_tests_start"


def test_ctrl_c_reaches_what_tests_start() -> None:
    code = "import sys, time; print('ready', flush=True); time.sleep(120)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == -signal.SIGINT


def test_it_does_where_the_suite_itself_ignores_it() -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    suite = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", HERE]
    done = subprocess.run(
        [sys.executable, "-c", ignoring, *suite], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
