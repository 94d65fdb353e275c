"""Fixtures of the report tests: contexts, and goldens that change only on request."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.report.context import Context
from tests.support import report_sample as sample

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Sources of the sample, relative to an empty folder; a version that releases do not change."""
    return Context(source=sample.source, base=tmp_path, width=100, version="1.2.3")


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file under goldens/; `UPDATE_GOLDENS=1` rewrites it, but never in CI."""

    def compare(name: str, text: str) -> None:
        file = GOLDENS / name
        if os.environ.get("UPDATE_GOLDENS") == "1":
            assert os.environ.get("CI", "").lower() not in {"1", "true"}, "goldens are never updated in CI"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        assert file.is_file(), f"no golden {name}: run with UPDATE_GOLDENS=1 and review it"
        assert text == file.read_bytes().decode(), f"{name} differs; UPDATE_GOLDENS=1 rewrites it for review"

    return compare
