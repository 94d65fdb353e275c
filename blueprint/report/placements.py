"""Placements of workloads in a lab, in words shared by all formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.report.model import PlacedWorkload
from blueprint.wording import first_few

HEAD = ("Object", "Requests", "Pods", "Outcome")
_SHOWN = 2


def rows_of(placements: Sequence[PlacedWorkload]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each workload, with the columns in HEAD."""
    for each in placements:
        details = details_of(each)
        yield each.workload, each.requests, pods_in_words(each), outcome_in_words(each) + (details and f": {details}")


def pods_in_words(placement: PlacedWorkload) -> str:
    """`3 of 4`: the number of scheduled pods."""
    return f"{sum(placement.nodes.values())} of {placement.pods}"


def outcome_in_words(placement: PlacedWorkload) -> str:
    """`placed (simulated)`, `not placed, as expected`, `refused, NOT as expected`."""
    words = placement.outcome + (" (simulated)" if placement.nodes else "")
    if placement.expected:
        return words if placement.outcome == "placed" else f"{words}, as expected"
    return f"{words}, NOT as expected"


def details_of(placement: PlacedWorkload) -> str:
    """The nodes of a workload, with special features; if it is not expected to be placed, the closest reason.

    Errors are findings.
    """
    nodes = [name + (f" ({many} pods)" if many > 1 else "") for name, many in placement.nodes.items()]
    if nodes:
        return "; ".join([f"on {first_few(nodes, _SHOWN)}", *(placement.reasons if placement.expected else ())])
    return placement.reasons[0] if placement.expected and placement.reasons else ""
