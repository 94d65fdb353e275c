"""A bundle writer that is stopped before one of its file operations.

A small separate process forks the writers: forking the pytest process, with everything it has loaded, takes ten times
as long as the writing.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from blueprint.bundle.output import write_bundle

STOPS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.scandir"}
"""A writer can be stopped before each of these."""


def kill() -> None:
    os._exit(9)


def interrupt() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise OSError(28, "No space left on device")


def stopped_at(number: int, stop: Callable[[], None], files: dict[str, bytes], folder: Path) -> int:
    """Write in a separate process, and call `stop` before the file operation with that number.

    Returns 0 if there was no such operation, 5 if it came to the end all the same, 7 if it gave up, 9 if it was killed.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    pickle.dump((number, stop.__name__, files, folder), server.stdin)
    server.stdin.flush()
    return int(server.stdout.readline())


@cache
def _server() -> subprocess.Popen[bytes]:
    """It ends when its standard input is closed, that is with this process."""
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _serve() -> None:
    stops = {stop.__name__: stop for stop in (kill, interrupt, fail)}
    while True:
        try:
            number, name, files, folder = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the tests above
        except EOFError:
            return
        child = os.fork()
        if not child:
            _write(number, stops[name], files, folder)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


def _write(number: int, stop: Callable[[], None], files: dict[str, bytes], folder: Path) -> None:
    seen = 0

    def count(event: str, _arguments: object) -> None:
        nonlocal seen
        if event in STOPS:
            seen += 1
            if seen == number:
                stop()

    sys.addaudithook(count)
    try:
        write_bundle(files, folder)
    except BaseException:  # noqa: BLE001 - whatever it is, the process ends here
        os._exit(7)
    os._exit(5 if seen >= number else 0)


if __name__ == "__main__":
    _serve()
