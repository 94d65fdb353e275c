"""Every case from practice gets the result that its row expects: exactly these codes, and no others.

The cases are not part of the repository: BLUEPRINT_CASES names their folder, and without it nothing is compared. They
are written in v1alpha1, and each is also converted to the current language.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml

from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint
from blueprint.spec import versions
from blueprint.spec.codes import EARLIER_VERSION
from blueprint.spec.conversion import converted_in_place

ANSWERS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8"))


def folder() -> Path:
    if not os.environ.get("BLUEPRINT_CASES"):
        pytest.skip("BLUEPRINT_CASES does not name a folder with the cases of practice")
    return Path(os.environ["BLUEPRINT_CASES"])


def answer(file: Path) -> list[str]:
    """The codes in the result, without the note about an earlier language version."""
    try:
        found = compile_blueprint(str(file)).diagnostics
    except Refused as refused:
        found = refused.diagnostics
    return sorted({each.code.id for each in found} - {EARLIER_VERSION.id})


@pytest.mark.parametrize("case", ANSWERS)
def test_a_case_gets_its_answer(case: str) -> None:
    assert answer(folder() / case) == ANSWERS[case]


@pytest.mark.parametrize("case", ANSWERS)
def test_a_case_gets_the_same_answer_once_it_is_converted(case: str, tmp_path: Path) -> None:
    shutil.copytree((folder() / case).parent, tmp_path / "case")
    file = tmp_path / "case" / Path(case).name
    refused: set[str] = set()
    try:
        new = converted_in_place(file.read_text("utf-8"), str(file), versions.LANGUAGE.current, versions.LANGUAGE)
        file.write_text(new, "utf-8")
    except Refused as error:
        refused = {each.code.id for each in error.diagnostics}
    if refused:
        assert refused <= {*ANSWERS[case], "BP2011"}, "wrong with the case itself, or with how it is written"
    else:
        assert answer(file) == ANSWERS[case]


def test_every_case_has_an_answer() -> None:
    """A new blueprint among the cases needs a row."""
    blueprints = [file for file in folder().glob("*/*.yaml") if "kind: Blueprint" in file.read_text("utf-8")]
    there = {file.relative_to(folder()).as_posix() for file in blueprints}
    assert there == set(ANSWERS)
