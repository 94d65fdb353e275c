"""If no lab can be started, the command reports why and what to do, with exit code 2, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waits import PATIENCE

WITHOUT_CRYPTOGRAPHY = """
import sys
sys.modules["cryptography"] = None
from blueprint.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def up(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blueprint", "lab", "up", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, timeout=PATIENCE, check=False
    )


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """An etcd that sleeps, and no API server yet."""
    folder = tmp_path / "assets"
    folder.mkdir()
    program(folder / "etcd", "exec sleep 600")
    return folder


def test_missing_binaries_are_named_with_the_command_that_builds_them(tmp_path: Path) -> None:
    done = up(PATH="/nowhere", XDG_CACHE_HOME=str(tmp_path), KUBEBUILDER_ASSETS="", XDG_STATE_HOME=str(tmp_path))

    assert done.returncode == 2
    assert "BP0020" in done.stdout + done.stderr
    assert "no etcd and no kube-apiserver" in done.stdout + done.stderr
    assert "blueprint lab install" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_assets_given_explicitly_are_not_replaced_by_others(assets: Path, tmp_path: Path) -> None:
    done = up("--assets", str(assets), "--state", str(tmp_path / "labs"))

    assert done.returncode == 2
    assert f"no kube-apiserver in --assets {assets}" in done.stdout + done.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_CRYPTOGRAPHY, "lab", "up", "--state", str(tmp_path / "labs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert done.returncode == 2
    assert "gpu-platform-blueprint[lab]" in done.stdout + done.stderr


def test_an_api_server_that_ends_is_quoted_and_nothing_stays(assets: Path, tmp_path: Path) -> None:
    program(assets / "kube-apiserver", 'echo "Error: no luck today"; exit 3')

    done = up("--assets", str(assets), "--state", str(tmp_path / "labs"))

    assert done.returncode == 2
    assert "kube-apiserver ended (exit code 3)" in done.stdout + done.stderr
    assert "Error: no luck today" in done.stdout + done.stderr
    assert not (tmp_path / "labs").exists()


def test_binaries_for_another_machine_are_a_diagnostic(assets: Path, tmp_path: Path) -> None:
    (assets / "kube-apiserver").write_bytes(b"\x7fELF for something else")
    (assets / "kube-apiserver").chmod(0o755)

    done = up("--assets", str(assets), "--state", str(tmp_path / "labs"))

    assert done.returncode == 2
    assert "kube-apiserver cannot be started" in done.stdout + done.stderr
    assert not (tmp_path / "labs").exists()


def test_a_folder_that_is_not_a_labs_is_left_alone(assets: Path, tmp_path: Path) -> None:
    program(assets / "kube-apiserver", "exec sleep 600")
    thesis = tmp_path / "labs" / "default" / "thesis.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")

    done = up("--assets", str(assets), "--state", str(tmp_path / "labs"))

    assert done.returncode == 2
    assert "not the folder of a lab" in done.stdout + done.stderr
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize("name", ["../escape", "UPPER", "", "a" * 41, "-x", "a/b", "x\n"])
def test_a_name_cannot_lead_out_of_the_folder_of_labs(name: str, tmp_path: Path) -> None:
    done = up(f"--name={name}", "--state", str(tmp_path / "labs"))

    assert done.returncode == 2
    assert "BP0025" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_diagnostic(assets: Path, tmp_path: Path) -> None:
    program(assets / "kube-apiserver", "exec sleep 600")
    (tmp_path / "file").write_text("")

    done = up("--assets", str(assets), "--state", str(tmp_path / "file" / "labs"))

    assert done.returncode == 2
    assert "BP0026" in done.stdout + done.stderr


def test_without_a_home_the_variable_to_set_is_named(tmp_path: Path) -> None:
    """Containers run with ids that have no entry in passwd; simulated by a failing passwd lookup."""
    code = (
        "import pathlib, sys\n"
        "def lost(cls=None): raise RuntimeError('Could not determine home directory.')\n"
        "pathlib.Path.home = lost\n"
        "from blueprint.cli.main import main\n"
        "sys.exit(main(['lab', 'up']))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in {"XDG_CACHE_HOME", "XDG_STATE_HOME"}}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)

    assert done.returncode == 2
    assert "XDG_STATE_HOME" in done.stdout + done.stderr


def test_kubebuilder_assets_come_before_the_cache(assets: Path, tmp_path: Path) -> None:
    program(assets / "kube-apiserver", 'echo "from kubebuilder"; exit 1')
    shutil.copy(assets / "kube-apiserver", assets / "kube-scheduler")

    done = up("--state", str(tmp_path / "labs"), KUBEBUILDER_ASSETS=str(assets))

    assert "from kubebuilder" in done.stdout + done.stderr
