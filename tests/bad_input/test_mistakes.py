"""Every mistake of the table: the message, its exact position, the suggested fix, and that nothing is written.

A mistake is an edit of the files under `good/`. The text to which its diagnostic must point is between « and », which
are removed before the tool reads the text.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.diagnostics import find_code
from tests.support.yaml_data import yaml_data

HERE = Path(__file__).parent
GOOD = HERE / "good"
BLUEPRINT = "blueprint.yaml"
OPEN, CLOSE = "«", "»"


@dataclass(frozen=True)
class Mistake:
    """One row of the table.

    Attributes:
        code: Code and slug.
        says: What the message must contain, including the bad value.
        way_out: What help or fix must hold; empty where the message itself says what to do.
        replace: The text of `file` that gives way, once, to `by`; where it is empty `by` is all of the file.
        by: The text with the mistake, the place marked.
        file: The file that is edited.
        files: Further files by name, which may hold the place.
        notes: What a note must hold, if anything.
        arguments: Further arguments of the command line.
        also: Codes of other diagnostics that rightly come with it.
        exit: The exit code.
    """

    code: str
    says: list[str] = field(default_factory=list)
    way_out: str = ""
    replace: str = ""
    by: str = ""
    file: str = BLUEPRINT
    files: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    arguments: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    exit: int = 1


def table() -> dict[str, Mistake]:
    """Every mistake by name."""
    rows: dict[str, Any] = {}
    for file in sorted((HERE / "mistakes").glob("*.yaml")):
        for name, row in yaml_data(file).items():
            assert name not in rows, f"two mistakes are called {name}"
            rows[name] = Mistake(**{key.replace(" ", "_"): value for key, value in row.items()})
    return rows


TABLE = table()
FIRST_OF_ITS_CODE = frozenset({row.code: name for name, row in reversed(TABLE.items())}.values())


def test_the_table_is_long_enough_and_its_codes_exist() -> None:
    assert len(TABLE) >= 60
    for name, mistake in TABLE.items():
        identity, slug = mistake.code.split()
        code = find_code(identity)
        assert code is not None, name
        assert code.slug == slug, name


def texts_of(mistake: Mistake) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The files with the mistake, without markers, and the marked position."""
    files = {file.relative_to(GOOD).as_posix(): file.read_text("utf-8") for file in GOOD.rglob("*.yaml")}
    good = files.get(mistake.file, "")
    if mistake.replace:
        assert good.count(mistake.replace) == 1, f"{mistake.replace!r} is not once in {mistake.file}"
        files[mistake.file] = good.replace(mistake.replace, mistake.by)
    elif mistake.by:
        files[mistake.file] = mistake.by
    files |= mistake.files
    seen = files | {"--set": "\n".join(mistake.arguments[1::2])}
    marked = [name for name, text in seen.items() if OPEN in text]
    assert len(marked) <= 1, "one place is marked"
    place = _place(marked[0], seen[marked[0]]) if marked else None
    return {name: unmarked(text) for name, text in files.items()}, place


def unmarked(text: str) -> str:
    """The text as the tool reads it."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def _place(name: str, text: str) -> dict[str, Any]:
    before, _, rest = text.partition(OPEN)
    inside = rest.partition(CLOSE)[0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    last = inside.rpartition("\n")[2]
    end = column + len(inside) if "\n" not in inside else len(last) + 1
    return {"file": name, "line": line, "column": column, "endLine": line + inside.count("\n"), "endColumn": end}


@pytest.fixture(scope="session")
def good_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the good blueprint compiles to."""
    folder = tmp_path_factory.mktemp("good")
    assert main(["compile", str(GOOD / BLUEPRINT), "-o", str(folder / "bundle")]) == 0
    return folder / "bundle"


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", TABLE)
def test_a_mistake_is_reported_where_it_is_with_a_fix_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in a new folder nor, for the first mistake of each code, in one that contains a bundle."""
    mistake = TABLE[name]
    files, place = texts_of(mistake)
    folder, report = tmp_path / "repository", tmp_path / "report.json"
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    if name in FIRST_OF_ITS_CODE:
        shutil.copytree(good_bundle, "bundle")
    before = snapshot(folder)

    arguments = [unmarked(argument) for argument in mistake.arguments]
    reports = ["--report", "text", "--report", f"json={report}"]
    code = main(["compile", BLUEPRINT, "-o", "bundle", *reports, *arguments])

    assert code == mistake.exit
    assert snapshot(folder) == before
    assert Path("bundle").exists() is (name in FIRST_OF_ITS_CODE)
    assert "Traceback" not in "".join(capsys.readouterr())
    found = json.loads(report.read_text())["diagnostics"]
    mine = [each for each in found if f"{each['code']} {each['slug']}" == mistake.code]
    others = sorted(f"{each['code']} {each['slug']}" for each in found if each not in mine)
    assert others == sorted(mistake.also), "it comes alone"
    assert len(mine) == 1, found
    check_told(mine[0], mistake, place)


def check_told(told: dict[str, Any], mistake: Mistake, place: dict[str, Any] | None) -> None:
    """Check that the diagnostic is as the table requires."""
    assert told.get("at") == place
    for text in mistake.says:
        assert text in told["message"]
    ways = (told.get("help") or "", told.get("fix", {}).get("replacement", ""), told["message"])
    assert mistake.way_out in " / ".join(ways)
    places = [note["at"] for note in told.get("notes", []) if "at" in note]
    assert all(each["line"] == each["endLine"] for each in places), "a note marks a key, not all that is below it"
    if mistake.notes:
        assert any(mistake.notes in json.dumps(note, ensure_ascii=False) for note in told.get("notes", []))
