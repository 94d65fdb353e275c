"""Builds the control plane's binaries into the cache, once.

Each binary is built elsewhere and moved into the cache when it is complete; a lock excludes concurrent builds. Even if
a build is killed, the cache contains only complete binaries.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.pins import BINARIES, Binary
from blueprint.lab.processes import die_with_parent
from blueprint.lab.toolchain import find_go
from blueprint.patterns import lazy_pattern

HEARTBEAT = 15.0
LAST_LINES = 12
_NO_NETWORK = lazy_pattern(r"dial tcp|no such host|i/o timeout|connection refused|proxyconnect|TLS handshake timeout")
_NO_SPACE = lazy_pattern(r"no space left on device|disk quota exceeded", re.IGNORECASE)

Progress = Callable[[str], None]


def install(names: Sequence[str], *, progress: Progress) -> list[Path]:
    """Build the binaries that are missing in the cache; return the paths of all of them. Raises Refused (2), with the
    reason.
    """
    wanted = [BINARIES[name] for name in names]
    try:
        for folder in dict.fromkeys(binary.cached.parent for binary in wanted):
            _fill(folder, [binary for binary in wanted if binary.cached.parent == folder], progress)
    except OSError as error:
        raise Refused(Diagnostic(codes.BAD_FOLDER, f"the cache cannot be used: {error}"), exit_code=2) from error
    return [binary.cached for binary in wanted]


def _fill(folder: Path, binaries: Sequence[Binary], progress: Progress) -> None:
    """Build what is missing in one folder of the cache."""
    with _only_one(folder, progress):
        missing = [binary for binary in binaries if not binary.cached.is_file()]
        for number, binary in enumerate(missing, start=1):
            _build(binary, folder, lambda line, n=number: progress(f"{n}/{len(missing)} {line}"))  # type: ignore[misc]
    progress(f"{', '.join(binary.name for binary in binaries)}: in {folder}")


@contextlib.contextmanager
def _only_one(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock on a folder of the cache, and remove remains of a killed build."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another installation is running: waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in folder.glob(".building-*"):
            left.unlink()
        yield
    finally:
        os.close(descriptor)


def _build(binary: Binary, folder: Path, progress: Progress) -> None:
    go = find_go(binary.go, progress)
    log = folder / f"{binary.name}.log"
    temporary = folder / f".building-{binary.name}"
    command = [go, "build", "-v", "-mod=readonly", *binary.build_flags, "-o", str(temporary), binary.package]
    progress(f"building {binary.name} {binary.version} (minutes, the first time)")
    started = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            cwd=binary.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(),
            preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - one thread
        )
        try:
            code = _wait(child, log, progress)
        finally:
            _end(child)
    if code != 0:
        temporary.unlink(missing_ok=True)
        raise _failed(binary, code, log)
    temporary.replace(folder / binary.name)
    progress(f"built {binary.name} in {time.monotonic() - started:.0f} s")


def _wait(child: subprocess.Popen[bytes], log: Path, progress: Progress) -> int:
    """Wait for the compiler, and report progress from time to time."""
    started = time.monotonic()
    while True:
        try:
            return child.wait(HEARTBEAT)
        except subprocess.TimeoutExpired:
            lines = log.read_text("utf-8", "replace").splitlines()
            fetched = sum(line.startswith("go: downloading") for line in lines)
            took = time.monotonic() - started
            progress(f"  {took:.0f} s: {fetched} modules fetched, {len(lines) - fetched} packages compiled")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stop the compiler if it is still running; SIGTERM lets it remove its temporary files."""
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _environment() -> dict[str, str]:
    """The user's environment, for proxies and module mirrors, without variables that would change the result."""
    inherited = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH", "GOEXPERIMENT"}}
    fixed = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
    return inherited | fixed


def _failed(binary: Binary, code: int, log: Path) -> Refused:
    lines = log.read_text("utf-8", "replace").splitlines()
    text = "\n".join(lines)
    if _NO_SPACE.search(text):
        why, help_ = (
            "the disk is full",
            "free about 3 GB, which a first build needs (Go's caches: `go env GOCACHE GOMODCACHE`)",
        )
    elif _NO_NETWORK.search(text):
        why, help_ = "Go modules cannot be fetched", "set GOPROXY to a mirror that can be reached, then try again"
    elif code < 0:
        why, help_ = f"the compiler was killed (signal {-code})", "make about 2 GB of memory available"
    else:
        why, help_ = f"the compiler failed (exit code {code})", f"see the full log, {log}"
    messages = [line for line in lines if not re.fullmatch(r"[\w./~-]+", line)] or lines  # without package names
    evidence = codes.log_lines(messages[-LAST_LINES:])
    diagnostic = Diagnostic(
        codes.INSTALL_FAILED, f"{binary.name} cannot be built: {why}", help=help_, evidence=evidence
    )
    return Refused(diagnostic, exit_code=2)
