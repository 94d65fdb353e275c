"""The rules of a monitored platform, and promtool: built once into the cache, keyed by its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.source.files import DiskFiles, MemoryFiles
from tests.support.go_tools import GoTools
from tests.support.observed_platform import HERE, Compile

PROMTOOL = GoTools(
    "promtool",
    ("github.com/prometheus/prometheus/cmd/promtool",),
    takes="two minutes of two cores",
    tags="remove_all_sd",
)
"""Without the clients for all clouds, the build takes a third of the time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use promtool."""
    for item in items:
        if "promtool" in getattr(item, "fixturenames", ()):
            item.add_marker("promtool")


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of promtool; if it is missing and may not be built, the test does NOT RUN."""
    return str(PROMTOOL.built() / "promtool")


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Compile a blueprint given as text, next to the files of the test's folder."""

    def run(text: str, *sets: str) -> Compilation:
        files = MemoryFiles({"blueprint.yaml": text}, DiskFiles(tmp_path))
        return compile_blueprint("blueprint.yaml", sets=sets, files=files)

    return run


@pytest.fixture(scope="session")
def watched() -> Compilation:
    """The platform of `watched.yaml`."""
    found = compile_blueprint(str(HERE / "watched.yaml"))
    assert found.bundle, found.diagnostics
    return found
