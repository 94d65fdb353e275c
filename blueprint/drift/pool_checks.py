"""The results of checks on readings, by pool: how many nodes pass each one, fail it, or could not be checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from blueprint.probe.expectations import Expectation
from blueprint.probe.verdicts import Result, Verdict
from blueprint.report.model import PoolCheck

Outcomes = dict[tuple[str, str], Counter[Result]]
"""The number of nodes with each result, by pool and check."""
_WORST_FIRST = (Result.FAIL, Result.UNKNOWN, Result.PASS)


def add_outcomes(outcomes: Outcomes, pool: str, verdicts: Iterable[Verdict]) -> None:
    """Count one node: with several GPUs, the worst result counts. Skipped checks have no result."""
    by_check: dict[str, set[Result]] = {}
    for verdict in verdicts:
        by_check.setdefault(verdict.check, set()).add(verdict.result)
    for check, results in by_check.items():
        if worst := next((result for result in _WORST_FIRST if result in results), None):
            outcomes.setdefault((pool, check), Counter())[worst] += 1


def pool_checks(
    expectations: Sequence[Expectation], outcomes: Outcomes, unread: Mapping[str, int]
) -> tuple[PoolCheck, ...]:
    """The results by pool and check. `unread` nodes of a pool are unknown in all checks with expectations for the
    pool.
    """
    expected = {(each.pool, each.check) for each in expectations if unread.get(each.pool)}
    found = []
    for pool, check in sorted(outcomes.keys() | expected):
        results = outcomes.get((pool, check), Counter())
        unknown = results[Result.UNKNOWN] + unread.get(pool, 0)
        found.append(PoolCheck(pool, check, results[Result.PASS], results[Result.FAIL], unknown))
    return tuple(found)
