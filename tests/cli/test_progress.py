"""Progress of an apply: how many objects of how many, the elapsed time, and what it waits for; on stderr only."""

from __future__ import annotations

import re

import pytest

from blueprint.bundle.model import ObjectId
from blueprint.cli.progress import ApplyProgress, elapsed
from blueprint.cluster.events import ApplyEvent, ApplyStatus, TaskEvent, TaskStatus, WaitEvent, WaitStatus

POD = ObjectId("", "Pod", "x", "p")


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3750, "1:02:30")])
def test_elapsed_time_is_shown_like_a_clock(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


def test_what_is_written_is_counted_and_what_needs_no_write_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell = ApplyProgress(12)
    statuses = (ApplyStatus.CREATED, ApplyStatus.UNCHANGED, ApplyStatus.NOT_WRITTEN)
    for status in statuses:
        tell(ApplyEvent(POD, status))
    tell(TaskEvent("wait for health", TaskStatus.STARTED))
    tell(TaskEvent("apply workloads", TaskStatus.STARTED))
    tell(WaitEvent(POD, WaitStatus.READY))
    tell(WaitEvent(POD, WaitStatus.TIMED_OUT))

    shown = capsys.readouterr()
    assert shown.out == ""
    assert [re.sub(r"\d:\d\d", "T", line) for line in shown.err.splitlines()] == [
        " 1/12  T  created      Pod/x/p",
        " 2/12  T  not written  Pod/x/p",
        "       T  waiting for health",
        "       T  ready        Pod/x/p",
        "       T  never came   Pod/x/p",
    ]
