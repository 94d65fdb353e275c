"""Variants of the examples of rules, in `rule_variants.yaml`: further findings, what causes none, and the texts of
findings.

Each replaces texts of an example, or of the known platform: `found` are variants of `Good` that are wrong,
`fine` variants of `Bad` that are right, `still` variants of `Bad` that are wrong as well. A text instead of
replacements is a complete example, and a text under `Given` is the whole known platform. The keys of `says` are parts
of the report on their variants of `Bad`, those of `unsaid` must not be in it. A report has lines of severity and
message, help, the marked part of the text, evidence, and the path.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding, value_at
from tests.check.test_rules import EXAMPLES, findings_of, known, names_a_field
from tests.support.yaml_data import yaml_data

VARIANTS: dict[str, dict[str, Any]] = yaml_data(Path(__file__).with_name("rule_variants.yaml"))
KINDS = {"found": ("good", True), "fine": ("bad", False), "still": ("bad", True)}
PATH = re.compile(r"\n\w+(\.[^ ]*\w)?\Z")
SEPARATOR = "\n---8<---\n"


@pytest.mark.parametrize("code", VARIANTS)
def test_variants_of_examples_are_judged_as_the_table_says(code: str) -> None:
    assert VARIANTS[code].keys() <= {*KINDS, "says", "unsaid"}
    for kind, (example, found) in KINDS.items():
        for variant in VARIANTS[code].get(kind, ()):
            assert bool(_said(code, example, variant)) is found, f"{kind}: {variant}"
    heard: dict[int, list[str]] = {}  # several rows may use one variant
    for kind in ("says", "unsaid"):
        for text, variant in VARIANTS[code].get(kind, {}).items():
            if id(variant) not in heard:
                heard[id(variant)] = _said(code, "bad", variant)
            said = heard[id(variant)]
            assert any(_contains(each, text) for each in said) is (kind == "says"), said


def _contains(said: str, text: str) -> bool:
    """Whether a text is part of what is said. If it ends with a path, its last field must be whole."""
    return re.search(re.escape(text) + (r"\b" if PATH.search(text) else ""), said) is not None


def _said(code: str, example: str, variant: dict[str, str] | str) -> list[str]:
    """The findings for a variant of an example."""
    page = EXAMPLES[code]
    if isinstance(variant, str):
        given, text = page.given, variant
    else:
        replaced = {old: new for old, new in variant.items() if old != "Given"}
        text = SEPARATOR.join((variant.get("Given", page.given), getattr(page, example)))
        for old, new in replaced.items():
            assert old in text, f"{old} is not in the example"
            text = text.replace(old, new)
        given, _, text = text.partition(SEPARATOR)
    found = [*findings_of(code, known(page._replace(given=given), text))]
    assert all(names_a_field(*each) for each in found), found
    return [_text(*each) for each in found]


def _text(subject: Object, found: ObjectFinding) -> str:
    severity = found.override or found.code.severity
    part = value_at(subject.data, found.path)[slice(*found.part)] if found.part else ""
    path = ".".join(map(str, found.path))
    lines = (f"{severity}: {found.text}", found.help, found.rename, part, *map(" ".join, found.evidence), path)
    return "\n".join(filter(None, lines)) + "\n"


def test_a_duplicate_row_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "rows.yaml"
    file.write_text("BP6101:\n  fine: [a]\n  fine: [b]\n", "utf-8")
    with pytest.raises(ValueError, match="'fine' stands twice"):
        yaml_data(file)
