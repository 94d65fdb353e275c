"""The rules of a watched platform, and promtool: built once into the cache, keyed by what it is built from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from watched_platform import HERE, Compile

from blueprint.diagnostics import Refused
from blueprint.lab.pins import cache_root
from blueprint.lab.toolchain import find_go
from blueprint.pipeline import Compilation, compile_blueprint

MODULE = HERE.parent / "tools" / "promtool"
MUST_RUN = os.environ.get("BLUEPRINT_REQUIRE_LAB") == "1"
TAGS = "remove_all_sd"
"""Without the clients of all clouds it builds in a third of the time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses promtool is marked so."""
    for item in items:
        if "promtool" in getattr(item, "fixturenames", ()):
            item.add_marker("promtool")


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of promtool; without it, and without leave to build it, the test does NOT RUN."""
    parts = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))
    target = cache_root() / f"promtool-{hashlib.sha256(parts + TAGS.encode()).hexdigest()[:16]}"
    if not target.exists():
        if not MUST_RUN:
            pytest.skip("there is no promtool: BLUEPRINT_REQUIRE_LAB=1 builds it (two minutes of two cores)")
        build(target)
    return str(target)


def build(target: Path) -> None:
    """Build it aside and rename it: half a program is none. One process builds, the others wait."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".promtool.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return
        try:
            go = find_go("1.26.0", lambda line: sys.stderr.write(f"{line}\n") and None)
        except Refused as refused:
            pytest.fail(f"BLUEPRINT_REQUIRE_LAB=1, but: {refused}")
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        package = "github.com/prometheus/prometheus/cmd/promtool"
        command = [go, "build", "-tags", TAGS, "-trimpath", "-ldflags=-s -w", "-o", str(aside), package]
        done = subprocess.run(command, cwd=MODULE, capture_output=True, text=True, timeout=1200, check=False)
        assert done.returncode == 0, done.stderr
        aside.rename(target)


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compile:
    """Compile a blueprint given as text."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *sets: str) -> Compilation:
        Path("blueprint.yaml").write_text(text, "utf-8")
        return compile_blueprint("blueprint.yaml", sets=sets)

    return run


@pytest.fixture(scope="session")
def watched() -> Compilation:
    """The platform of `watched.yaml`."""
    found = compile_blueprint(str(HERE / "watched.yaml"))
    assert found.bundle, found.diagnostics
    return found
