"""Placements of workloads in a lab, in words that all formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from blueprint.report.model import PlacedWorkload
from blueprint.wording import first_few

HEAD = ("Workload", "Requests", "Pods", "Outcome")
_SHOWN = 2


def rows_of(placements: Sequence[PlacedWorkload]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each workload, as HEAD has it."""
    for each in placements:
        yield each.workload, each.requests, f"{sum(each.nodes.values())} of {each.pods}", outcome_in_words(each)


def outcome_in_words(placement: PlacedWorkload) -> str:
    """`placed on train-0000 (simulated)`, `not placed, as expected: pool train (4 nodes): requests 9 ...`."""
    words = placement.outcome
    if placement.nodes:
        words += f" on {first_few(_nodes(placement), _SHOWN)} (simulated)"
    if not placement.expected:
        return f"{words}, NOT as expected"
    if placement.outcome == "placed":
        return words
    return f"{words}, as expected" + (f": {placement.reasons[0]}" if placement.reasons else "")


def _nodes(placement: PlacedWorkload) -> list[str]:
    """Node names with the number of pods where that is more than one."""
    return [name + (f" ({many} pods)" if many > 1 else "") for name, many in Counter(placement.nodes).items()]
