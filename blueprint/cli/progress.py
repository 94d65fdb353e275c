"""Progress of a run on stderr: a line for each completed step, with its number, the total, and the elapsed time."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blueprint.cluster.events import Event


def elapsed(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:30`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class ApplyProgress:
    """Prints a line for each object that is written or fails, and for each wait.

    Args:
        total: The number of objects that the plan writes.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done, self._started = total, 0, time.monotonic()

    def __call__(self, event: Event) -> None:
        """Print an event, if it is relevant to users."""
        from blueprint.cluster.events import ApplyEvent, ApplyStatus, TaskEvent, TaskStatus, WaitEvent, WaitStatus

        match event:
            case ApplyEvent(status=status) if status is not ApplyStatus.UNCHANGED:
                self._done += 1
                width = len(str(self._total))
                self._print_line(f"{self._done:{width}}/{self._total}", f"{status:<12} {event.id}")
            case TaskEvent(status=TaskStatus.STARTED, task=task) if task.startswith("wait "):
                self._print_line("", task.replace("wait", "waiting", 1))
            case WaitEvent(status=status):
                words = "never came" if status is WaitStatus.TIMED_OUT else status.value
                self._print_line("", f"{words:<12} {event.id}")

    def _print_line(self, count: str, text: str) -> None:
        count = count or " " * (2 * len(str(self._total)) + 1)
        sys.stderr.write(f"{count} {elapsed(time.monotonic() - self._started):>5}  {text}\n")
        sys.stderr.flush()
