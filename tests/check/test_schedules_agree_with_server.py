"""A real API server is the reference for schedules of CronJobs (BP6161)."""

from __future__ import annotations

from blueprint.lab.access import RequestFailed
from tests.check.test_rule_variants import VARIANTS
from tests.check.test_schedules import SIX, cron_job


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
