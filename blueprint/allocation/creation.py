"""Checks whether the API server accepts the selectors of a claim or class on creation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from blueprint.allocation.claims import SelectorText
from blueprint.allocation.matching import SelectorFault, compiled_selector
from blueprint.cel.cost.estimate import LONGEST, MOST, estimated_cost
from blueprint.records import Record
from blueprint.versions import version_key

_WITHOUT_BOUND = 10**15
"""A cost that no bounded device size can cause, only unbounded ones."""


class Creation(Record):
    """The result of creating an object with a selector.

    Attributes:
        refused: Why the API server rejects it; empty if it is accepted, as far as known.
        unknown: What could not be determined.
    """

    refused: str = ""
    unknown: str = ""


@lru_cache(maxsize=8192)
def created(text: str, minor: str | None) -> Creation:
    """Whether the API server of a Kubernetes minor version (None: any supported one) accepts an expression."""
    if len(text) > LONGEST:
        return Creation(f"it has {len(text)} characters, but the API allows at most {LONGEST}")
    compiled = compiled_selector(text)
    if compiled.program is None:
        return Creation(refused=compiled.refused, unknown=compiled.unsupported)
    if minor and (newer := _too_new(compiled.program.since, minor)):
        return Creation(newer)
    cost = estimated_cost(compiled.program.tree)
    if cost is None:
        return Creation(unknown="its cost cannot be estimated here")
    return Creation(_too_costly(cost) if cost > MOST else "")


def _too_costly(cost: int) -> str:
    if cost >= _WITHOUT_BOUND:
        return "its estimated cost has no bound: it compares or joins values of unknown size"
    return f"its estimated cost is {cost:,}, but the API server accepts at most {MOST:,}"


def refusals(selectors: Iterable[tuple[SelectorText, str]], minor: str | None) -> Iterator[SelectorFault]:
    """The rejected selectors, each with the name of its class."""
    for selector, of_class in selectors:
        if refused := created(selector.text, minor).refused:
            yield SelectorFault(selector, of_class, refused)


def _too_new(since: str, minor: str) -> str:
    """The message for an expression that needs a later version. The API server accepts only what its predecessor
    supports, so that the cluster can be rolled back.
    """
    first = since.partition(".")[2]
    taken_from = f"1.{int(first) + 1}"
    if version_key(minor) >= version_key(taken_from):
        return ""
    return f"it uses functions of Kubernetes {since}, which the API server accepts from {taken_from} on"
