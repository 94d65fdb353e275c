"""Every rule of a GPU platform has an answer, and every answer is tested."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from blueprint.check.rules import all_rules
from blueprint.diagnostics import Diagnostic, Refused, find_code
from blueprint.pipeline import compile_blueprint
from tests.support.yaml_data import yaml_data

ROOT = Path(__file__).resolve().parents[2]
RULES: dict[str, dict[str, Any]] = {
    f"{file.stem}: {rule['wrong']}": rule
    for file in sorted((ROOT / "tools" / "rules").glob("*.yaml"))
    for rule in yaml_data(file)["rules"]
}
KINDS = ("codes", "impossible", "needs", "live", "open", "undecidable", "told")
MISTAKES: dict[str, dict[str, Any]] = {
    name: row
    for file in (ROOT / "tests" / "bad_input" / "mistakes").glob("*.yaml")
    for name, row in yaml_data(file).items()
}
EXAMPLES = {code.id for each in all_rules() for code in each.codes}
TESTS = set(
    re.findall(
        r"^def (test_\w+)\(",
        "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py")),
        re.MULTILINE,
    )
)
ALONE = 39
"""The number of rules without a test of their own."""


def found(setting: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Diagnostic, ...]:
    """The findings for the good blueprint of tests/bad_input with one value set."""
    shutil.copytree(ROOT / "tests" / "bad_input" / "good", folder, dirs_exist_ok=True)
    monkeypatch.chdir(folder)
    try:
        return compile_blueprint("blueprint.yaml", sets=[setting]).diagnostics
    except Refused as refused:
        return refused.diagnostics


def test_each_rule_has_one_answer() -> None:
    assert len(RULES) >= 110
    assert not [name for name, rule in RULES.items() if sum(kind in rule for kind in KINDS) != 1]
    assert not [name for name, rule in RULES.items() if set(rule) - {"wrong", "by", "also", *KINDS}], "a comma?"


def test_what_follows_from_how_objects_are_rendered_says_why() -> None:
    """Rules without a test of their own; goldens show the objects. If you add a test, lower the number."""
    alone = [rule["impossible"] for rule in RULES.values() if "impossible" in rule and "by" not in rule]
    assert len(alone) <= ALONE
    assert all(len(why.split()) > 2 for why in alone)


def test_codes_exist() -> None:
    named = {code for rule in RULES.values() for key in ("codes", "live", "also") for code in rule.get(key, ())}
    assert not [code for code in named if find_code(code) is None]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "codes" in rule])
def test_rules_marked_as_caught_are_caught(name: str) -> None:
    """By a mistake of the table with one of the codes, by an example of the rule, or by a test."""
    rule = RULES[name]
    by = rule["by"]
    if by.startswith("example "):
        assert by.removeprefix("example ") in set(rule["codes"]) & EXAMPLES
    elif by.startswith("test_"):
        assert by in TESTS
    else:
        assert MISTAKES[by]["code"].split()[0] in rule["codes"]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "impossible" in rule and "by" in rule])
def test_rules_marked_as_impossible_are_impossible(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by = RULES[name]["by"]
    if by.startswith("test_"):
        assert by in TESTS
        return
    setting, _, code = by.removeprefix("set ").rpartition(": ")
    assert code in {each.code.id for each in found(setting, tmp_path, monkeypatch)}


def test_the_number_of_unchecked_rules_does_not_grow() -> None:
    assert [rule["wrong"] for rule in RULES.values() if "open" in rule] == [
        "An IMEX service on the host in addition to the driver's.",
    ]


def test_requirements_for_nodes_are_rules_of_the_catalogue() -> None:
    known = {file.stem for file in (ROOT / "blueprint" / "catalog" / "compatibility").glob("*.yaml")}
    assert {rule["needs"] for rule in RULES.values() if "needs" in rule} <= known
