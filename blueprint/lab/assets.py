"""Finds the binaries of a control plane: --assets, KUBEBUILDER_ASSETS, the cache, PATH, in that order."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.pins import BINARIES, CONTROLLERS, LIVE, QUEUES, REQUIRED, cache_root

VARIABLE = "KUBEBUILDER_ASSETS"
CACHE = "cache"
_PATIENCE = 20
"""The timeout in seconds for a binary to print its version."""


@dataclass(frozen=True, slots=True)
class FoundBinary:
    """A binary, and where it was found."""

    name: str
    path: str
    place: str

    def version(self) -> str:
        """Its version output, or why there is none. Kueue's manager has no version flag."""
        if self.name in QUEUES:
            return f"{self.name} {BINARIES[self.name].version}" if self.place == CACHE else "of unknown version"
        arguments = ["version", "--client"] if self.name == "kubectl" else ["--version"]
        try:
            done = subprocess.run(  # noqa: S603 - found where the user keeps binaries
                [self.path, *arguments], capture_output=True, text=True, timeout=_PATIENCE, check=True
            )
        except OSError as error:
            return f"does not run: {(error.strerror or str(error)).lower()}"
        except subprocess.TimeoutExpired:
            return f"does not run: no output in {_PATIENCE} s"
        except subprocess.CalledProcessError as error:
            return f"does not run: exit code {error.returncode}"
        return (done.stdout.strip() or done.stderr.strip() or "no output").splitlines()[0]


def find(name: str, assets: Path | None = None) -> FoundBinary | None:
    """The location of the binary, or None. Raises Refused (2) if `assets` is given but is not a folder."""
    for place, folder in _places(name, assets):
        if path := shutil.which(name, path=folder):
            return FoundBinary(name, str(Path(path).absolute()), place)
    return None


def find_all(assets: Path | None = None, *, controllers: bool = False, live: bool = False) -> dict[str, str]:
    """The paths of all binaries that a lab needs, by name. Raises Refused (2) with all missing ones.

    An explicit `assets` must contain etcd and kube-apiserver itself: a lab with other binaries than requested would be
    misleading.
    """
    wanted = (*REQUIRED, *(CONTROLLERS if controllers else ()), *(LIVE if live else ()))
    found = {name: find(name, assets) for name in wanted}
    foreign = [name for name in REQUIRED if assets and (not (f := found[name]) or f.place != "--assets")]
    missing = foreign or [name for name in wanted if found[name] is None]
    if missing:
        raise Refused(_missing(missing, assets if foreign else None), exit_code=2)
    return {name: each.path for name, each in found.items() if each}


def _missing(names: list[str], assets: Path | None) -> Diagnostic:
    where = f"in --assets {assets}" if assets else f"in {VARIABLE}, the cache ({cache_root()}) or PATH"
    flag = " --with-controllers" if set(names) & {*CONTROLLERS, *LIVE} else ""
    help_ = f"build them once with `blueprint lab install{flag}` (a few minutes; needs Go or pip, and the network)"
    return Diagnostic(codes.BINARIES_MISSING, f"no {' and no '.join(names)} {where}", help=help_)


def _places(name: str, assets: Path | None) -> Iterator[tuple[str, str]]:
    if assets is not None:
        if not assets.is_dir():
            raise Refused(Diagnostic(codes.BAD_FOLDER, f"--assets {assets} is not a folder"), exit_code=2)
        yield "--assets", str(assets)
    if given := os.environ.get(VARIABLE):
        yield VARIABLE, given
    if name in BINARIES:
        yield CACHE, str(BINARIES[name].cached.parent)
    yield "PATH", os.environ.get("PATH", os.defpath)
