"""The stub of NVML, compiled once per run and loaded through the real bindings in a child process."""

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
    """The compiled stub. Without a C compiler its tests do NOT RUN, unless BLUEPRINT_REQUIRE_LAB=1 requires them."""
    try:
        return build(tmp_path_factory.mktemp("nvml"))
    except NoCompilerError as error:
        if os.environ.get("BLUEPRINT_REQUIRE_LAB") == "1":
            pytest.fail(str(error))
        _not_run.append(str(error))
        pytest.skip(str(error))


@pytest.fixture
def describe(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Path]:
    """Configure the stub's responses with a description; returns the library's path."""

    def written(description: Any) -> Path:
        path = tmp_path / "stub.json"
        path.write_text(json.dumps(description), encoding="utf-8")
        monkeypatch.setenv("BLUEPRINT_NVML_STUB", str(path))
        return library

    return written


@pytest.fixture
def probe(describe: Callable[[Any], Path], tmp_path: Path) -> Probe:
    """Take a reading of a described node, with the real collector; it has files and a PCI list only if given."""

    def taken(
        description: Any, *, call_seconds: float = 5.0, sysfs: Path | None = None, root: Path | None = None
    ) -> Reading:
        found = describe(description)
        nothing = tmp_path / "no-root"
        return collect("gpu-0", NOW, library=found, call_seconds=call_seconds, sysfs=sysfs, root=root or nothing)

    return taken


def pytest_terminal_summary(terminalreporter) -> None:
    """Print it at the end, where it is noticed."""
    for reason in sorted(set(_not_run)):
        terminalreporter.section("NOT RUN", sep="!", yellow=True, bold=True)
        terminalreporter.line(f"tests against the stand-in for NVML did NOT RUN: {reason}", yellow=True, bold=True)
