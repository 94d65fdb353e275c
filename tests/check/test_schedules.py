"""Schedules of CronJobs (BP6161): the message for each mistake."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from blueprint.bundle.model import USERS, Object
from blueprint.check.runner import run_rules
from tests.support.rule_facts import context

SIX = "0 0 */6 * * *"


def cron_job(schedule: str) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "registry.example/bench:1.4"}]}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    meta = {"name": "bench", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": spec}


@pytest.mark.parametrize(
    ("schedule", "why", "help_"),
    [
        (SIX, "it has 6 fields, not 5; there is none for seconds", "the fields are minute, hour"),
        ("0 3 * *", "it has 4 fields, not 5", "the fields are minute, hour"),
        ("60 * * * *", "60 is not a valid minute", "use numbers from 0 to 59, or forms such as *"),
        ("0 24 * * *", "24 is not a valid hour", "use numbers from 0 to 23, or forms such as *"),
        ("0 0 32 * *", "32 is not a valid day of the month", "use numbers from 1 to 31, or forms such as *"),
        ("0 0 * 0 *", "0 is not a valid month", "use numbers from 1 to 12 or JAN to DEC, or forms such as *"),
        ("0 0 * * 7", "7 is not a valid day of the week", "use numbers from 0 to 6 or SUN to SAT, or forms such as *"),
        ("TZ=UTC 0 3 * * *", "the time zone does not belong in the schedule", "use spec.timeZone"),
        ("CRON_TZ=UTC 0 3 * * *", "the time zone does not belong in the schedule", "use spec.timeZone"),
        ("@reboot", "unknown word", "use one of @annually, @daily, "),
    ],
)
def test_what_is_wrong_with_a_schedule(schedule: str, why: str, help_: str) -> None:
    [found] = run_rules(context([Object(cron_job(schedule), USERS)])).diagnostics
    assert found.message == f'CronJob/default/bench: spec.schedule is "{schedule}": {why}'
    assert (found.help or "").startswith(help_)


def test_a_schedule_of_any_length_is_shown_in_part() -> None:
    [found] = run_rules(context([Object(cron_job(f"{'1,' * 400}x * * * *"), USERS)])).diagnostics
    assert len(found.message) < 250


def test_a_long_duration_is_read_in_one_pass() -> None:
    """No backtracking positions are kept for its parts."""
    job = Object(cron_job("@every " + "1h" * 100_000 + "x"), USERS)
    given = context([job])
    run_rules(given)
    tracemalloc.start()
    try:
        [found] = run_rules(given).diagnostics
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert found.code.id == "BP6161"
