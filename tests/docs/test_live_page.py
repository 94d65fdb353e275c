"""The live tutorial is what `make demo-live` prints, except for times and numbers that differ from run to run.

UPDATE_GOLDENS=1 writes the page.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from blueprint.lab.assets import find

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorials" / "live.md"
VARYING = {
    r"/\S*/labs/": "~/.local/state/gpu-platform-blueprint/labs/",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "2026-11-21T12:00:00Z",
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "85b04901-706b-47c0-89b4-3aa5aab68210",
    r"uid [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "uid 59cb7a10-0f3a-4d1c-9c0b-2f6f3f1f7a55",
    r"https://127\.0\.0\.1:\d+": "https://127.0.0.1:36443",
    r"resourceVersion  \d+": "resourceVersion  277",
    r"after [0-9.]+ ms": "after 0.01 ms",
}


def told_the_same(page: str) -> str:
    """The page with everything that varies set to one value."""
    for pattern, value in VARYING.items():
        page = re.sub(pattern, value, page, flags=re.MULTILINE)
    return page


@pytest.mark.lab
def test_the_live_tutorial_is_what_the_live_demo_prints(tmp_path: Path) -> None:
    if find("kubectl") is None:
        pytest.skip("there is no kubectl: blueprint lab install --with-kubectl")
    with tempfile.TemporaryDirectory(prefix="bp-") as state:
        result = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "demo_live.py"), "--page", str(tmp_path / "live.md")],
            env={**os.environ, "XDG_STATE_HOME": state, "COLUMNS": "100"}, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr
    real = told_the_same((tmp_path / "live.md").read_text(encoding="utf-8"))
    if os.environ.get("UPDATE_GOLDENS") == "1" and os.environ.get("CI") != "true":
        PAGE.write_text(real, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == real
