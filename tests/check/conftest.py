"""A lab for definitions of custom resources, which are in no namespace: one for all modules that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def own(lab: Any) -> Iterator[Any]:
    """A lab of these tests' own."""
    with lab.fresh() as fresh:
        yield fresh
