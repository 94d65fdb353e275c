"""The stand-in for NVML, compiled once per run and loaded through the real bindings in a child process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.probe.collect import collect
from blueprint.probe.reading import Reading
from tests.support.nvml_stub.build import NoCompilerError, build
from tests.support.probe_examples import NOW, Probe

_not_run: list[str] = []


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled stand-in. Where nothing compiles C, its tests do NOT RUN, and must under BLUEPRINT_REQUIRE_LAB=1."""
    try:
        return build(tmp_path_factory.mktemp("nvml"))
    except NoCompilerError as error:
        if os.environ.get("BLUEPRINT_REQUIRE_LAB") == "1":
            pytest.fail(str(error))
        _not_run.append(str(error))
        pytest.skip(str(error))


@pytest.fixture
def describe(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Path]:
    """Makes the stand-in answer by a description; returns the library's path."""

    def written(description: Any) -> Path:
        path = tmp_path / "stub.json"
        path.write_text(json.dumps(description), encoding="utf-8")
        monkeypatch.setenv("BLUEPRINT_NVML_STUB", str(path))
        return library

    return written


@pytest.fixture
def probe(describe: Callable[[Any], Path], tmp_path: Path) -> Probe:
    """Takes a reading of a described node, by the real collector; it has no files and no PCI list unless given."""

    def taken(
        description: Any, *, call_seconds: float = 5.0, sysfs: Path | None = None, root: Path | None = None
    ) -> Reading:
        found = describe(description)
        nothing = tmp_path / "no-root"
        return collect("gpu-0", NOW, library=found, call_seconds=call_seconds, sysfs=sysfs, root=root or nothing)

    return taken


def pytest_terminal_summary(terminalreporter) -> None:
    """Say it where nobody can miss it."""
    for reason in sorted(set(_not_run)):
        terminalreporter.section("NOT RUN", sep="!", yellow=True, bold=True)
        terminalreporter.line(f"tests against the stand-in for NVML did NOT RUN: {reason}", yellow=True, bold=True)
