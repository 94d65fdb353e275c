"""Every case of practice gets the answer that its row calls right: exactly these codes, and no others.

The cases are not part of the repository: BLUEPRINT_CASES names their folder, and without it nothing is compared.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint

ANSWERS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8"))


def folder() -> Path:
    if not os.environ.get("BLUEPRINT_CASES"):
        pytest.skip("BLUEPRINT_CASES does not name a folder with the cases of practice")
    return Path(os.environ["BLUEPRINT_CASES"])


@pytest.mark.parametrize("case", ANSWERS)
def test_a_case_gets_its_answer(case: str) -> None:
    try:
        found = compile_blueprint(str(folder() / case)).diagnostics
    except Refused as refused:
        found = refused.diagnostics
    assert sorted({each.code.id for each in found}) == ANSWERS[case]


def test_every_case_has_an_answer() -> None:
    """A blueprint that is new among the cases needs a row."""
    blueprints = [file for file in folder().glob("*/*.yaml") if "kind: Blueprint" in file.read_text("utf-8")]
    there = {file.relative_to(folder()).as_posix() for file in blueprints}
    assert there == set(ANSWERS)
