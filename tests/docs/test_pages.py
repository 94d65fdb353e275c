"""The output shown in the README and the documentation is what the tool prints.

UPDATE_GOLDENS=1 writes the real output into the pages; refused where CI=true.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.lab.pins import cache_root
from blueprint.spec.model import Model
from tests.support.consoles import ROOT, PageError, has_console, played, with_examples

UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"
LIVE = "docs/tutorials/live.md"  # tested separately
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
RUN = [name for name, text in TEXTS.items() if has_console(text) and name != LIVE]
LAB = "docs/how-to/try-in-the-lab.md"  # needs a control plane
NODE = re.compile(r"-00\d\d\b")
"""Which of several equal nodes a pod gets differs from run to run."""
QUOTE = re.compile(r"```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.lab) if each == LAB else each for each in RUN])
def test_a_page_shows_the_real_output(name: str, tmp_path: Path) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    cache = {"XDG_CACHE_HOME": str(cache_root().parents[1])} if name == LAB else {}
    real = played(page, with_examples(tmp_path), **cache)
    if name == LAB:
        real = NODE.sub("-0000", real)
    assert "BP0001" not in real, "no page shows the tool failing"
    if UPDATE:
        if os.environ.get("CI") == "true":
            pytest.fail("pages are not updated in CI")
        (ROOT / name).write_text(real, encoding="utf-8")
    else:
        assert page == real, "UPDATE_GOLDENS=1 writes what really comes out"


def test_the_readme_shows_output() -> None:
    assert has_console(TEXTS["README.md"])


def test_quotes_of_the_readme_are_in_the_live_tutorial() -> None:
    quotes = [part for block in QUOTE.findall(TEXTS["README.md"]) for part in block.strip().split("\n\n")]
    assert len(quotes) >= 2
    assert not [part for part in quotes if part not in TEXTS[LIVE]]


def test_the_readme_lists_exactly_what_does_not_exist_yet() -> None:
    missing: set[str] = set()
    for model in models(Model):
        missing |= set(model.NOT_YET) | set(model.NOT_YET_VALUES)
        for values in model.NOT_YET_VALUES.values():
            missing |= set(values)
    section = TEXTS["README.md"].partition("**Not yet.**")[2].partition("The verbs")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", section))))
    assert named - {"spec", "cluster", "queueing", "policy"} == missing


def models(base: type[Model]) -> Iterator[type[Model]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_a_wrong_output_is_noticed(tmp_path: Path) -> None:
    """Proves that the check can fail."""
    page = "```console\n$ echo one\ntwo\n```\n"
    assert played(page, tmp_path) == "```console\n$ echo one\none\n```\n"


def test_a_failing_command_must_be_admitted(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="exit code 3"):
        played("```console\n$ (exit 3)\n```\n", tmp_path)
    admitted = "```console\n$ (exit 3)\n$ echo $?\n3\n```\n"
    assert played(admitted, tmp_path) == admitted


def test_files_and_shell_variables_carry_over(tmp_path: Path) -> None:
    page = "```yaml title=sub/a.yaml\nkey: 1\n```\n```console\n$ name=sub\n$ cat $name/a.yaml\nkey: 1\n```\n"
    assert played(page, tmp_path) == page
