"""The commands in the topics of components exist in the tool."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blueprint.cli.main import main

COMPONENTS = Path(__file__).parents[2] / "components"
TOPICS = sorted(COMPONENTS.glob("*/topics/*.md"))
_COMMAND = re.compile(r"\bblueprint ([a-z]+)((?: (?:--?[a-z-]+(?:=\S+)?|[A-Za-z0-9./=_:-]+))*)")
_OPTION = re.compile(r"--[a-z-]+")


def commands(topic: Path) -> list[tuple[str, list[str]]]:
    """Each verb with its options, from code in the text."""
    text = topic.read_text("utf-8")
    code = re.findall(r"`([^`\n]+)`|^(blueprint .*)$", text, re.MULTILINE)
    found = (_COMMAND.match(first or second) for first, second in code)
    return [(match[1], _OPTION.findall(match[2])) for match in found if match]


def test_some_topics_have_commands() -> None:
    assert sum(len(commands(topic)) for topic in TOPICS) > 5


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_every_option_is_one_of_its_verb(topic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb, options in commands(topic):
        assert main([verb, "--help"]) == 0, f"{verb} is no verb"
        known = set(_OPTION.findall(capsys.readouterr().out))
        assert set(options) <= known, f"blueprint {verb}"
