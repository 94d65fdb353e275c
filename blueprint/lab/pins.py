"""The build inputs of the lab: Go modules pinned in this package, and the location of the results.

`modules/*/go.mod` and `go.sum` are the only place that specifies versions. Each module has its own folder in the cache,
keyed by these files, so that a new etcd does not rebuild Kubernetes.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes

MODULES = Path(__file__).parent / "modules"
REQUIRED = ("etcd", "kube-apiserver")
CONTROLLERS = ("kube-scheduler", "kube-controller-manager")
LIVE = ("kwok",)
"""Programs that simulate nodes and their pods: they become ready, complete, and are deleted."""
QUEUES = ("kueue",)
"""Programs that manage the queues of tenants, for labs with real queueing."""


@dataclass(frozen=True, slots=True)
class Binary:
    """One program: the pinned module in which it is built, its Go package, and the module that determines its
    version.
    """

    name: str
    module: str
    package: str
    versioned_by: str

    @property
    def folder(self) -> Path:
        """The folder of its go.mod and go.sum."""
        return MODULES / self.module

    @property
    def version(self) -> str:
        """The pinned version, with its `v`."""
        return _pinned(self.folder, rf"^\s*{re.escape(self.versioned_by)} (v\S+)")

    @property
    def go(self) -> str:
        """The oldest Go version that can build it."""
        return _pinned(self.folder, r"^go (\S+)")

    @property
    def build_flags(self) -> tuple[str, ...]:
        """Arguments of `go build`. Kubernetes gets its version from the linker, etcd from its source."""
        link = ["-s", "-w"]
        if self.module == "kubernetes":
            major, minor, _ = self.version.removeprefix("v").split(".", 2)
            stamps = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor}
            link += [f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamps.items()]
        return ("-trimpath", "-ldflags", " ".join(link))

    @property
    def cached(self) -> Path:
        """The path to which `lab install` writes it; it may not exist. Raises Refused (2) if there is no home
        directory.
        """
        return cache_root() / f"{self.module}-{_digest(self.module)}" / self.name


_KUBERNETES = ("kube-apiserver", *CONTROLLERS, "kubectl")

BINARIES = {
    "etcd": Binary("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"),
    **{n: Binary(n, "kubernetes", f"k8s.io/kubernetes/cmd/{n}", "k8s.io/kubernetes") for n in _KUBERNETES},
    "kwok": Binary("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", "sigs.k8s.io/kwok"),
    "kueue": Binary("kueue", "kueue", "sigs.k8s.io/kueue/cmd/kueue", "sigs.k8s.io/kueue"),
}
"""All programs that `lab install` can build, by name."""


@functools.cache
def _digest(module: str) -> str:
    """A digest of everything that determines a module's binaries, including the processor architecture."""
    digest = hashlib.sha256(platform.machine().encode())
    for binary in BINARIES.values():
        if binary.module == module:
            for part in (binary.name, binary.package, *binary.build_flags):
                digest.update(part.encode() + b"\0")
    for name in ("go.mod", "go.sum"):
        digest.update((MODULES / module / name).read_bytes())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """The folder for everything that can be recreated. Raises Refused (2) if there is no home directory."""
    return xdg("XDG_CACHE_HOME", ".cache") / "lab"


def xdg(variable: str, under_home: str) -> Path:
    """This tool's folder of one XDG type. Relative values are ignored, as the specification requires."""
    given = Path(os.environ.get(variable, ""))
    if given.is_absolute():
        return given / "gpu-platform-blueprint"
    try:
        return Path.home() / under_home / "gpu-platform-blueprint"
    except RuntimeError as error:
        message = f"there is no home folder to keep the lab's files in: {error}"
        help_ = f"set {variable} to a folder that can be written"
        raise Refused(Diagnostic(codes.BAD_FOLDER, message, help=help_), exit_code=2) from error


def _pinned(folder: Path, pattern: str) -> str:
    found = re.search(pattern, (folder / "go.mod").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise LookupError(f"{folder / 'go.mod'} has no line {pattern}")
    return found[1]
