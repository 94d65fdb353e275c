"""Valid input that was once rejected, or that belongs to others: it is valid, with only the findings in the table.

A row is an edit of the files under `good/`, as in the table of mistakes. `told` lists every permitted finding, each
code with its severity; if it is omitted, there must be none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from tests.bad_input.test_mistakes import Mistake, texts_of
from tests.support.yaml_data import yaml_data

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Right:
    """One row.

    Attributes:
        edit: The edit of the good files.
        told: Severity of what is said, by code.
    """

    edit: Mistake
    told: dict[str, str] = field(default_factory=dict)


def table() -> dict[str, Right]:
    """Every row by name."""
    rows: dict[str, dict[str, Any]] = yaml_data(HERE / "right.yaml")
    return {name: Right(told=row.pop("told", {}), edit=Mistake("", **row)) for name, row in rows.items()}


TABLE = table()


@pytest.mark.parametrize("name", TABLE)
def test_what_is_right_is_valid(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = TABLE[name]
    files, _ = texts_of(row.edit)
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)

    code = main(["validate", "blueprint.yaml", "--report", "json=report.json", *row.edit.arguments])

    found = json.loads(Path("report.json").read_text())["diagnostics"]
    assert {each["code"]: each["severity"] for each in found} == row.told, [each["message"] for each in found]
    assert len(found) == len(row.told)
    places = [note["at"] for each in found for note in each.get("notes", []) if "at" in note]
    assert all(each["line"] == each["endLine"] for each in places), "a note marks a key, not all that is below it"
    assert code == 0
