"""`blueprint init` at a terminal: a real one from the point of view of the process."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.source.loader import load_text
from tests.support.waits import eventually


class Terminal:
    """A process whose stdin, stdout and stderr are one pseudo-terminal, which it controls."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        script = "import fcntl,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        script += "from blueprint.cli.main import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", script, "init", *arguments]
        environment = {**os.environ, "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.shown = ""
        self.seen = 0

    def answer(self, question: str, text: str) -> None:
        """Wait for the question, then type the answer."""
        self.wait_for(question)
        os.write(self.master, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until the text appears after the text seen so far."""

        def shows() -> bool:
            self.shown += self._read()
            return text in self.shown[self.seen :]

        eventually(shows, f"{text!r} shows", seconds=120)
        self.seen = self.shown.find(text, self.seen) + len(text)

    def end(self) -> int:
        """The exit code; the complete output is in `shown`."""

        def ended() -> bool:
            self.shown += self._read()
            return self.process.poll() is not None

        eventually(ended, "it ends", seconds=120)
        self.shown += self._read()
        return self.process.wait()

    def _read(self) -> str:
        if not select.select([self.master], [], [], 0.1)[0]:
            return ""
        try:
            return os.read(self.master, 4096).decode()
        except OSError:  # Linux reports this when the other side has been closed
            return ""

    def close(self) -> None:
        """Clean up the process."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path)
    yield started
    started.close()


def test_it_asks_again_until_an_answer_is_right_and_writes_what_was_said(terminal: Terminal, tmp_path: Path) -> None:
    terminal.answer("Name of the platform [gpu-platform]: ", "Acme\n")
    terminal.wait_for("Acme does not have the right format")
    terminal.answer("Name of the platform [gpu-platform]: ", "acme\n")
    terminal.answer("[vanilla]: ", "\n")
    terminal.answer("Kubernetes version [", "1.30\n")
    terminal.wait_for("is not supported on Kubernetes 1.30")
    terminal.answer("[vanilla]: ", "\n")
    terminal.answer("Kubernetes version [", "1.35\n")
    terminal.answer("Name of the pool [gpu]: ", "\n")
    terminal.answer("GPU product, or none: ", "H100-SMX5-80GB\n")
    terminal.wait_for("did you mean H100-SXM5-80GB?")
    terminal.answer("GPU product, or none: ", "h100-sxm5-80\n")
    terminal.answer("GPUs per node [8]: ", "many\n")
    terminal.answer("GPUs per node [8]: ", "\n")
    terminal.answer("Nodes [1]: ", "4\n")
    terminal.answer("Another pool? (y, n) [n]: ", "y\n")
    terminal.answer("Name of the pool: ", "gpu\n")
    terminal.wait_for("the pool gpu already exists")
    terminal.answer("Name of the pool: ", "system\n")
    terminal.answer("GPU product, or none: ", "none\n")
    terminal.answer("Nodes [1]: ", "3\n")
    terminal.answer("Another pool? (y, n) [n]: ", "\n")
    assert terminal.end() == 0, terminal.shown
    data = load_text((tmp_path / "blueprint.yaml").read_text("utf-8"), "blueprint.yaml").data
    assert data["metadata"]["name"] == "acme"
    assert data["spec"]["cluster"]["kubernetes"] == "1.35"
    pools = data["spec"]["nodePools"]
    assert pools["gpu"]["gpu"] == {"product": "H100-SXM5-80GB", "count": 8}
    assert (pools["gpu"]["nodes"], pools["system"]["nodes"]) == (4, 3)
    assert "gpu" not in pools["system"]


def test_ctrl_c_leaves_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.answer("Name of the platform [gpu-platform]: ", "acme\n")
    terminal.answer("[vanilla]: ", "\x03")
    assert terminal.end() == 130
    assert "Traceback" not in terminal.shown
    assert not list(tmp_path.iterdir())


def test_ctrl_d_ends_it_in_words(terminal: Terminal, tmp_path: Path) -> None:
    terminal.answer("Name of the platform [gpu-platform]: ", "\x04")
    assert terminal.end() == 2
    assert "input ended before all questions were answered" in " ".join(terminal.shown.split())
    assert not list(tmp_path.iterdir())


def test_flags_that_no_answer_can_correct_are_rejected_before_the_first_question(tmp_path: Path) -> None:
    started = Terminal(tmp_path, "--kubernetes", "1.30")
    try:
        assert started.end() == 2
    finally:
        started.close()
    assert "Name of the platform" not in started.shown
    assert "1.30" in started.shown
    assert not list(tmp_path.iterdir())


def test_with_pools_given_nothing_is_asked(tmp_path: Path) -> None:
    started = Terminal(tmp_path, "--pool", "gpu=T4x1x1")
    try:
        assert started.end() == 0
    finally:
        started.close()
    assert "Name of the platform" not in started.shown
    assert (tmp_path / "blueprint.yaml").is_file()
