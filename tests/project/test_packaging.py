"""The built distribution works without a checkout: data is found, and the same bytes are written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "eks-inference"
NEEDED_IN_SDIST = ("LICENSE", "README.md", "pyproject.toml", "blueprint/py.typed", "components/nfd/component.yaml")
LAB_MODULES = """
from pathlib import Path
import blueprint.lab
folder = Path(blueprint.lab.__file__).parent / "modules"
print(sorted(path.parent.name for path in folder.glob("*/go.sum")))
"""


def test_the_distribution_works_outside_the_checkout(tmp_path: Path) -> None:
    """A wheel built from the sdist, installed into an environment of its own, run in a folder of its own."""
    sdist, wheel = build(tmp_path / "dist")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not [name for name in NEEDED_IN_SDIST if name not in names]

    installed = install(wheel, tmp_path / "venv")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(EXAMPLE, elsewhere / "story")

    def run(*command: str) -> str:
        result = subprocess.run(
            [str(installed / command[0]), *command[1:]],
            cwd=elsewhere, env={"PATH": os.defpath, "HOME": str(tmp_path)}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    where = run("python", "-c", "import blueprint; print(blueprint.__file__)")
    assert str(tmp_path / "venv") in where, "the checkout is in the way"
    assert run("blueprint", "--version").startswith("blueprint ")
    assert "unknown-key" in run("blueprint", "explain", "BP2001")
    assert "masterReplicas" in run("blueprint", "explain", "nfd")
    assert '"$schema"' in run("blueprint", "schema")
    assert run("python", "-c", LAB_MODULES).strip() == "['etcd', 'kubernetes', 'kueue', 'kwok']"
    run("blueprint", "compile", "story/blueprint.yaml", "-o", "bundle")
    assert contents(elsewhere / "bundle") == contents(compiled_here(tmp_path / "here"))


def build(out: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """The folder of programs of a new environment that holds the wheel, and this environment's dependencies.

    A path in a .pth file is searched, but its own .pth files are not read: the editable installation of this
    checkout stays out.
    """
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    command = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    options = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*command, *options], check=True, timeout=120)
    [site] = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return programs


def compiled_here(out: Path) -> Path:
    """The checkout's output for the same example."""
    target = os.path.relpath(EXAMPLE / "blueprint.yaml", EXAMPLE.parent)
    command = [sys.executable, "-m", "blueprint", "compile", target, "-o", str(out)]
    subprocess.run(command, cwd=EXAMPLE.parent, check=True, timeout=120, capture_output=True)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
