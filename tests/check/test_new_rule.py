"""A rule is a module and a page: the rule of the how-to page, added to a copy of the tree, is found, explained and
tested.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.diagnostics.pages import read_page
from tests.support.waits import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "how-to" / "add-a-rule.md"
FILES = re.compile(r"^(`{3,})\w+ title=((?:blueprint|tests)/\S+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
COPIED = ("blueprint", "tests/bad_input", "tests/check")
PAGE = "blueprint/check/rules/pods/BP6199.md"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the files of the guide: new files are written, and rows are added to existing tables."""
    folder = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    for above in (ROOT, ROOT / "tests"):
        for each in above.iterdir():
            here = folder / each.relative_to(ROOT)
            if not here.exists() and each.name not in (".git", ".venv"):
                here.symlink_to(each)
    for _, name, text in FILES.findall(GUIDE.read_text("utf-8")):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return folder


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module with the copy instead of the tree."""
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_it_finds_the_bad_example_and_not_the_good_one(tree: Path, tmp_path: Path) -> None:
    page = read_page(str(tree / PAGE))
    (tmp_path / "bad.yaml").write_text(page.bad, "utf-8")
    (tmp_path / "good.yaml").write_text(page.good, "utf-8")
    bad = run(tree, "blueprint", "lint", str(tmp_path / "bad.yaml"))
    assert bad.returncode == 1, bad.stderr
    assert "error[BP6199] gpu-on-windows: Pod/team/job: spec.os.name is windows" in bad.stdout
    assert "bad.yaml:5:14" in bad.stdout
    good = run(tree, "blueprint", "lint", str(tmp_path / "good.yaml"))
    assert good.returncode == 0, good.stdout + good.stderr
    assert "BP6199" not in good.stdout


def test_its_page_is_explained(tree: Path) -> None:
    done = run(tree, "blueprint", "explain", "BP6199")
    assert done.stdout.startswith("BP6199 gpu-on-windows\n")
    assert read_page(str(tree / PAGE)).why.split() == done.stdout.partition("---\n")[2].partition("Bad\n")[0].split()


def test_its_rows_are_tests_that_pass(tree: Path) -> None:
    checks = (f"tests/check/{name}.py" for name in ("test_rules", "test_rule_places", "test_rule_variants"))
    options = ("-n0", "-rp", "-p", "no:cacheprovider", "-k", "BP6199 or Windows or every_code or rules_are_values")
    done = run(tree, "pytest", *options, *checks, "tests/bad_input/test_mistakes.py")
    assert done.returncode == 0, done.stdout
    for test in ("what_is_bad_is_found", "fields_that_findings_name", "variants_of_examples", "a_mistake_is_reported"):
        assert re.search(rf"PASSED \S+{test}\w+\[(BP6199|GPU for a Windows container)\]", done.stdout), done.stdout
