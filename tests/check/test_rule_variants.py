"""Variants of the examples of rules, in `rule_variants.yaml`: what else is found, and what is not.

Each replaces texts of an example: `found` are variants of `Good` that are wrong, `fine` variants of `Bad` that are
right, `still` variants of `Bad` that are wrong as well. A text instead of replacements is a whole example.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.test_rules import EXAMPLES, codes_of
from tests.support.yaml_data import yaml_data

VARIANTS: dict[str, dict[str, list[dict[str, str] | str]]] = yaml_data(Path(__file__).with_name("rule_variants.yaml"))
KINDS = {"found": ("good", True), "fine": ("bad", False), "still": ("bad", True)}


@pytest.mark.parametrize("code", VARIANTS)
def test_variants_of_examples_are_judged_as_the_table_says(code: str) -> None:
    page = EXAMPLES[code]
    for kind, variants in VARIANTS[code].items():
        example, found = KINDS[kind]
        for variant in variants:
            text = _replaced(getattr(page, example), variant)
            assert (code in codes_of(page, text)) is found, f"{kind}: {variant}"


def _replaced(text: str, variant: dict[str, str] | str) -> str:
    if isinstance(variant, str):
        return variant
    for old, new in variant.items():
        assert old in text, f"{old} is not in the example"
        text = text.replace(old, new)
    return text
