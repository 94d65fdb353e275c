"""Schedules of CronJobs (BP6161): what is wrong with one in words, and a real API server as the judge."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import USERS, Object
from blueprint.check.runner import run_rules
from blueprint.lab.access import RequestFailed
from tests.check.test_rule_variants import VARIANTS
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
        ("60 * * * *", "60 is no minute", "numbers from 0 to 59; *"),
        ("0 24 * * *", "24 is no hour", "numbers from 0 to 23; *"),
        ("0 0 32 * *", "32 is no day of the month", "numbers from 1 to 31; *"),
        ("0 0 * 0 *", "0 is no month", "numbers from 1 to 12 or JAN to DEC; *"),
        ("0 0 * * 7", "7 is no day of the week", "numbers from 0 to 6 or SUN to SAT; *"),
        ("TZ=UTC 0 3 * * *", "the time zone does not stand in the schedule", "use spec.timeZone"),
        ("CRON_TZ=UTC 0 3 * * *", "the time zone does not stand in the schedule", "use spec.timeZone"),
        ("@reboot", "there is no such word", "one of @annually, @daily, "),
    ],
)
def test_what_is_wrong_with_a_schedule(schedule: str, why: str, help_: str) -> None:
    [found] = run_rules(context([Object(cron_job(schedule), USERS)])).diagnostics
    assert found.message == f'CronJob/default/bench: spec.schedule is "{schedule}": {why}'
    assert (found.help or "").startswith(help_)


def _written(kind: str) -> list[str]:
    return [
        new for each in VARIANTS["BP6161"][kind] if isinstance(each, dict) for old, new in each.items() if old == SIX
    ]


def test_the_api_server_refuses_the_same(own) -> None:
    path = "/apis/batch/v1/namespaces/default/cronjobs/bench?fieldManager=test&force=true&dryRun=All"

    def is_taken(schedule: str) -> bool:
        try:
            own.request("PATCH", path, cron_job(schedule), content_type="application/apply-patch+yaml")
        except RequestFailed:
            return False
        return True

    assert [each for each in _written("fine") if not is_taken(each)] == []
    assert [each for each in (SIX, *_written("still")) if is_taken(each)] == []
