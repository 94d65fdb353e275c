"""A derivation combines a check of the probe with the function that determines its parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from blueprint.platform.pool import Pool
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, by_relevance, flatten
from blueprint.probe.check import Check
from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.records import Record

P = TypeVar("P")


class Derivation(Record, Generic[P]):
    """A check, and its parameters for the nodes of a pool; None if there is nothing to expect.

    `machines`: for pools that run virtual machines; otherwise for pools with GPUs for containers.
    """

    check: Check[P]
    derive: Callable[[Any], P | None]
    machines: bool = False

    def expectation(self, pool: Pool) -> Expectation | None:
        """The expectation, with the lines that determined it; None if there is nothing to expect."""
        with recording() as sources:
            parameters = self.derive(pool)
        if parameters is None:
            return None
        lines = flatten(by_relevance(sources))
        return self.check.expectation(pool.name, parameters, [portable(each) for each in lines])


@lru_cache(maxsize=32_768)
def portable(source: Source) -> ExpectationSource:
    """A source in the form of the probe, which must not import the compiler."""
    at = source.span
    return ExpectationSource(
        at.file, at.line, at.column, at.end_line, at.end_column, path=source.path, layer=source.layer
    )
