"""Work that the lab's queue manager does not finish in time is reported: nothing continues as if it were done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from blueprint.catalog.component_files.lab_programs import load_queue_programs
from blueprint.lab.trial.decisions import Decisions

[KUEUE] = load_queue_programs()
LEFT = {"kind": "Workload", "metadata": {"namespace": "vision", "name": "job-train"}}


def decisions(*answers: list[dict[str, Any]]) -> Decisions:
    """Decisions in a cluster that lists these workloads, one response after another; the last one repeats."""
    coming = [*answers]
    connection: Any = SimpleNamespace(list=lambda _: coming.pop(0) if len(coming) > 1 else coming[0])
    return Decisions(KUEUE, connection)


@pytest.mark.parametrize(
    ("answers", "left"),
    [(([LEFT], []), []), (([LEFT],), ["Workload/vision/job-train"]), (([],), [])],
    ids=["deleted in time", "never deleted", "none"],
)
def test_workloads_that_hold_quota_after_their_time_are_named(answers: tuple[Any, ...], left: list[str]) -> None:
    assert decisions(*answers).left(0.3) == left
