"""Go programs that tests need. They are built once from pinned modules and cached by a hash of their sources."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.lab.pins import cache_root
from blueprint.lab.toolchain import find_go

MODULES = Path(__file__).parents[1] / "tools"
MUST_BUILD = os.environ.get("BLUEPRINT_REQUIRE_LAB") == "1"


@dataclass(frozen=True, slots=True)
class GoTools:
    """The programs of one pinned module. `takes` describes the duration of a first build."""

    module: str
    packages: tuple[str, ...]
    takes: str
    tags: str = ""
    stamps: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of go.mod and go.sum."""
        return MODULES / self.module

    @property
    def target(self) -> Path:
        """The folder of the built programs. It exists once all programs are complete."""
        parts = [(self.folder / name).read_bytes() for name in ("go.mod", "go.sum")]
        parts += [text.encode() for text in (*self.packages, self.tags, *self.stamps)]
        return cache_root() / f"{self.module}-{hashlib.sha256(bytes(1).join(parts)).hexdigest()[:16]}"

    def built(self, *, wanted: bool = False) -> Path:
        """The folder of the programs. If they are missing and may not be built, the test does not run.

        `wanted` permits the build because a measurement was requested.
        """
        if not self.target.exists():
            if not (MUST_BUILD or wanted):
                pytest.skip(f"there is no {self.module}: BLUEPRINT_REQUIRE_LAB=1 builds it ({self.takes})")
            self._build()
        return self.target

    def _build(self) -> None:
        """Build in a temporary folder and rename it, so that no incomplete program is used. One process builds, others
        wait.
        """
        self.target.parent.mkdir(parents=True, exist_ok=True)
        with (self.target.parent / f".{self.module}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.target.exists():
                return
            try:
                go = find_go("1.26.0", lambda line: sys.stderr.write(f"{line}\n") and None)
            except Refused as refused:
                pytest.fail(f"BLUEPRINT_REQUIRE_LAB=1, but: {refused}")
            aside = self.target.with_name(f".{self.target.name}")
            shutil.rmtree(aside, ignore_errors=True)  # remains of an interrupted build
            link = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)])
            command = [go, "build", "-mod=readonly", "-trimpath", "-tags", self.tags, f"-ldflags={link}"]
            command += ["-o", f"{aside}/", *self.packages]
            plain = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=os.environ | plain,
                capture_output=True,
                text=True,
                timeout=1800,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            aside.rename(self.target)
