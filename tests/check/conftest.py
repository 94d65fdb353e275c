"""A shared lab for CustomResourceDefinitions, which are cluster-scoped: one for all modules that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def own(lab: Any) -> Iterator[Any]:
    """A lab of its own for these tests."""
    with lab.fresh() as fresh:
        yield fresh
