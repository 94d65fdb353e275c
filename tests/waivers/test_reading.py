"""The waivers file: valid files, and every mistake with its exact position."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from blueprint.data import data_folder
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.waivers.reading import WaiverFile, read_waivers
from tests.bad_input.test_mistakes import _place, unmarked

TODAY = date(2026, 11, 29)
HEAD = "apiVersion: gpublueprint.dev/v1alpha1\nkind: Waivers\nwaivers:\n"
GOOD = """\
  - code: BP6101
    subject: Deployment/apps/*
    path: spec.template.spec.containers[*].image
    reason: the registry moves in March
    owner: platform team
    expires: 2027-03-31
  - {code: driver-doubtful, subject: Pool/train, reason: r, owner: o, expires: "2027-03-31"}
"""
ENTRY = "  - {code: BP6101, subject: a, reason: r, owner: o, expires: 2027-03-31}\n"
MISTAKES: dict[str, tuple[str, str, str, str]] = {
    # name: (text with the position marked, code, part of the message, part of the help)
    "empty file": ("«»", "BP0050", "is empty", "apiVersion"),
    "no mapping": ("«- a»\n", "BP0050", "is not a mapping", "apiVersion"),
    "another apiVersion": (
        "apiVersion: «gpublueprint.dev/v1»\nkind: Waivers\nwaivers: []\n", "BP0050", "gpublueprint.dev/v1", "v1alpha1",
    ),
    "another kind": (
        "apiVersion: gpublueprint.dev/v1alpha1\nkind: «Blueprint»\nwaivers: []\n", "BP0050", "Blueprint", "Waivers",
    ),
    "no kind": ("«apiVersion»: gpublueprint.dev/v1alpha1\nwaivers: []\n", "BP0050", "no kind", "kind: Waivers"),
    "no list": (HEAD.replace("waivers:\n", "waivers: «{}»\n"), "BP0050", "not a list", "[]"),
    "nothing listed": ("«apiVersion»: gpublueprint.dev/v1alpha1\nkind: Waivers\n", "BP0050", "no waivers", "waivers:"),
    "unknown key at the top": (HEAD + "  []\n«metadta»: {}\n", "BP0051", "metadta", "apiVersion, kind, waivers"),
    "not YAML": (HEAD + "«\t»- {code: BP6101}\n", "BP1004", "tab", "spaces"),
    "key twice": (
        HEAD + "  - {code: BP6101, reason: r, «reason»: s, owner: o, expires: 2027-03-31}\n", "BP1003", "reason", "one",
    ),
    "entry that is a text": (HEAD + "  - «BP6101»\n", "BP0051", "not a mapping", "code, reason, owner and expires"),
    "misspelt key": (
        HEAD + ENTRY.replace("subject: a", "«subjct»: a"), "BP0051", "unknown key subjct", "subject",
    ),
    "no code": (HEAD + "  - {«reason»: r, owner: o, expires: 2027-03-31}\n", "BP0051", "no code", "code"),
    "no reason": (HEAD + "  - {«code»: BP6101, owner: o, expires: 2027-03-31}\n", "BP0051", "no reason", "reason"),
    "no owner": (HEAD + "  - {«code»: BP6101, reason: r, expires: 2027-03-31}\n", "BP0051", "no owner", "owner"),
    "no expiry": (HEAD + "  - {«code»: BP6101, reason: r, owner: o}\n", "BP0051", "no expires", "2027-03-31"),
    "empty reason": (HEAD + ENTRY.replace("reason: r", 'reason: «""»'), "BP0051", "reason is empty", "string"),
    "owner that is a list": (HEAD + ENTRY.replace("owner: o", "owner: «[a, b]»"), "BP0051", "not text", "owner needs"),
    "subject that is a number": (
        HEAD + ENTRY.replace("subject: a", "subject: «7»"), "BP0051", "not text", "remove the key to match everything",
    ),
    "day that is none": (HEAD + ENTRY.replace("2027-03-31", "«2027-02-30»"), "BP0052", "2027-02-30", "2027-03-31"),
    "day of another form": (HEAD + ENTRY.replace("2027-03-31", "«31.03.2027»"), "BP0052", "31.03.2027", "2027-03-31"),
    "day with one digit": (HEAD + ENTRY.replace("2027-03-31", "«2027-3-31»"), "BP0052", "YYYY-MM-DD", "2027-03-31"),
    "unknown id": (HEAD + ENTRY.replace("BP6101", "«BP6100»"), "BP0053", "BP6100", "explain"),
    "unknown slug": (HEAD + ENTRY.replace("BP6101", "«driver-dubtful»"), "BP0053", "driver-dubtful", "driver-doubtful"),
    "internal error": (HEAD + ENTRY.replace("BP6101", "«BP0001»"), "BP0054", "the tool itself", "remove"),
    "edited bundle": (HEAD + ENTRY.replace("BP6101", "«BP4011»"), "BP0054", "compiled", "remove"),
    "unknown result": (HEAD + ENTRY.replace("BP6101", "«objects-unseen»"), "BP0054", "was not examined", "remove"),
    "language": (HEAD + ENTRY.replace("BP6101", "«BP2001»"), "BP0054", "cannot be understood", "remove"),
    "the same twice": (HEAD + ENTRY + ENTRY.replace("code", "«code»").replace("r,", "s,"), "BP0051", "the same", "one"),
    "too broad": (
        HEAD + "  - {«code»: BP6101, reason: r, owner: o, expires: 2027-03-31}\n",
        "BP0057", "every", "set subject to",
    ),
    "pattern of everything": (
        HEAD + ENTRY.replace("code", "«code»").replace("subject: a", 'subject: "*/*"'),
        "BP0057", "every", "set subject to",
    ),
    "years ahead": (HEAD + ENTRY.replace("2027-03-31", "«2029-01-01»"), "BP0058", "2029-01-01", "2027-11-30"),
}  # fmt: skip


def read(text: str) -> WaiverFile:
    return read_waivers(text, "waivers.yaml", TODAY)


def test_a_good_file_has_no_problems() -> None:
    found = read(HEAD + GOOD)
    assert not found.problems
    first, second = found.waivers
    assert (first.code.id, first.subject, first.expires) == ("BP6101", "Deployment/apps/*", date(2027, 3, 31))
    assert (first.reason, first.owner, str(first.at)) == (
        "the registry moves in March", "platform team", "waivers.yaml:4:5",
    )  # fmt: skip
    assert (second.code.slug, second.subject, second.path) == ("driver-doubtful", "Pool/train", "")


def test_there_are_enough_mistakes() -> None:
    assert len(MISTAKES) >= 30


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_where_it_is_with_a_fix(name: str) -> None:
    text, code, message, way_out = MISTAKES[name]
    found = read(unmarked(text))
    [problem] = [each for each in found.problems if each.code.id == code]
    assert found.problems == (problem,)
    assert message in problem.message
    assert way_out in " / ".join((problem.help or "", problem.fix.replacement if problem.fix else ""))
    assert located(problem) == _place("waivers.yaml", text)
    assert bool(found.waivers) is (problem.severity is Severity.WARNING or name == "the same twice")


def located(problem: Diagnostic) -> dict[str, Any]:
    at = problem.at
    assert at is not None
    end = {"endLine": at.end_line, "endColumn": at.end_column}
    return {"file": at.file, "line": at.line, "column": at.column, **end}


def test_a_mistake_does_not_hide_others_or_good_entries() -> None:
    found = read(HEAD + "  - {code: BP0001, reason: r, owner: o, expires: soon}\n" + ENTRY)
    assert sorted(each.code.id for each in found.problems) == ["BP0052", "BP0054"]
    assert len(found.waivers) == 1


def test_the_schema_accepts_and_rejects_the_same_files() -> None:
    schema = json.loads((data_folder("schemas") / "waivers.v1alpha1.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(loaded(HEAD + GOOD))
    of_form = {"BP0050", "BP0051"}
    for name, (text, code, *_) in MISTAKES.items():
        if code in of_form and name != "the same twice":
            assert not validator.is_valid(loaded(unmarked(text))), name


def loaded(text: str) -> Any:
    """Dates stay text, as in editors."""
    data = yaml.safe_load(text)
    for entry in (data.get("waivers") or ()) if isinstance(data, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("expires"), date):
            entry["expires"] = entry["expires"].isoformat()
    return data
