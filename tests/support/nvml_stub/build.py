"""Build the stub of libnvidia-ml.so.1: `python -m tests.support.nvml_stub.build OUTDIR`.

It uses `cc` if available, otherwise `python -m ziglang cc` (from the package index, if installed).
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("nvml_stub.c")
LIBRARY = "libnvidia-ml.so.1"
_FLAGS = ["-shared", "-fPIC", "-O1", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]


class NoCompilerError(Exception):
    """No C compiler is available."""


def compiler() -> list[str]:
    """The command of a C compiler. Raises NoCompilerError."""
    if found := shutil.which("cc"):
        return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise NoCompilerError("neither `cc` nor the package ziglang is here to compile the stand-in for NVML")


def build(folder: Path) -> Path:
    """Compile the library into `folder` and return its path. Raises NoCompilerError."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / LIBRARY
    subprocess.run([*compiler(), *_FLAGS, "-o", str(target), str(SOURCE)], check=True)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
