"""Texts use the terms of the field: none of the phrases in `phrases.yaml`, in whatever file they are."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {
    "cli.md", "codes.md", "compatibility.md", "from-helm.md", "hardware.md", "machines.md", "rules.md", "spec.md",
}  # fmt: skip
"""Pages of docs/reference that tools/docs.py writes: their texts are checked where they come from."""
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
"""Code and quotations in Markdown: names of things, and what other programs print."""


@dataclass(frozen=True)
class Line:
    """One line of prose. `for_users`: a message or a page, as opposed to a docstring or a comment."""

    file: Path
    number: int
    text: str
    for_users: bool


@dataclass(frozen=True)
class Phrase:
    """A phrase to avoid, and what to write instead; `anywhere`: in docstrings and comments, too."""

    pattern: re.Pattern[str]
    instead: str
    anywhere: bool


@cache
def phrases() -> tuple[Phrase, ...]:
    lists = yaml.safe_load((Path(__file__).parent / "phrases.yaml").read_text("utf-8"))
    return tuple(
        Phrase(re.compile(entry["phrase"], re.IGNORECASE), entry["instead"], name == "everywhere")
        for name, entries in lists.items()
        for entry in entries
    )


def findings(lines: Iterator[Line]) -> list[str]:
    """`FILE:LINE: "phrase": write ...` for every match."""
    return [
        f'{line.file}:{line.number}: "{found[0]}": write {phrase.instead}'
        for line in lines
        for phrase in phrases()
        if (line.for_users or phrase.anywhere) and (found := phrase.pattern.search(line.text))
    ]


def markdown(file: Path, text: str) -> Iterator[Line]:
    """The lines outside of fenced blocks, without code and quotations."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield Line(file, number, _QUOTED.sub("", line), for_users=True)


def python(file: Path, text: str) -> Iterator[Line]:
    """Strings with blanks in them, docstrings and comments."""
    docstrings = {
        (node.body[0].value.lineno, node.body[0].value.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    opened = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        opened += token.string in ("(", "[", "{") if token.type == tokenize.OP else 0
        opened -= token.string in (")", "]", "}") if token.type == tokenize.OP else 0
        if token.type in (tokenize.COMMENT, tokenize.STRING, FSTRING) and " " in token.string:
            of_code = token.type == tokenize.COMMENT or token.start in docstrings or explains_a_name(token, opened)
            for offset, line in enumerate(token.string.splitlines()):
                yield Line(file, token.start[0] + offset, line, for_users=not of_code)


FSTRING = getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)
"""From Python 3.12 on an f-string has tokens of its own."""


def explains_a_name(token: tokenize.TokenInfo, opened: int) -> bool:
    """A string that is a statement: it explains the attribute or the constant above it."""
    return not opened and token.line.lstrip().startswith('"""')


def plain(file: Path, text: str) -> Iterator[Line]:
    """Every line: descriptions in YAML, with their comments."""
    for number, line in enumerate(text.splitlines(), 1):
        yield Line(file, number, line, for_users=not line.lstrip().startswith("#"))


def repository() -> Iterator[Line]:
    for file in sorted((ROOT / "blueprint").rglob("*.py")):
        yield from python(file.relative_to(ROOT), file.read_text("utf-8"))
    pages = [*(ROOT / "blueprint").rglob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "components").rglob("*.md")]
    for file in sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages]):
        if not (file.parent.name == "reference" and file.name in GENERATED) and file.parent.name != "decisions":
            yield from markdown(file.relative_to(ROOT), file.read_text("utf-8"))
    for file in sorted((ROOT / "components").rglob("*.yaml")):
        yield from plain(file.relative_to(ROOT), file.read_text("utf-8"))


def test_texts_use_none_of_the_phrases() -> None:
    found = findings(repository())
    assert not found, "\n".join(found)


def test_enough_texts_are_examined() -> None:
    lines = list(repository())
    assert sum(line.for_users for line in lines) > 10_000
    assert sum(not line.for_users for line in lines) > 5_000


SAMPLE = '''"""A module about what nobody knows: pods wait for ever."""

LIMIT = 3
"""Whoever reads it."""


def check(name: str) -> str:
    # somebody may look
    return f"{name} is for nobody"
'''


def test_messages_are_distinguished_from_docstrings_and_comments() -> None:
    """The docstring is reported for phrases that are wrong anywhere, the message also for those that are wrong in
    messages.
    """
    found = findings(python(Path("sample.py"), SAMPLE))
    assert [entry.rpartition(": write")[0] for entry in found] == [
        'sample.py:1: "for ever"',
        'sample.py:9: "nobody"',
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("The gate is closed.\n", [1]),
        ("Fine.\n\n```sh\necho nobody  # the gate is closed\n```\n\nPods wait for ever.\n", [7]),
        ('The account `nobody`, and "permission denied for nobody".\n', []),
    ],
)
def test_code_and_quotations_do_not_count(text: str, lines: list[int]) -> None:
    found = findings(markdown(Path("page.md"), text))
    assert [int(entry.split(":")[1]) for entry in found] == lines


def test_descriptions_of_components_are_messages() -> None:
    found = findings(plain(Path("component.yaml"), "# where nobody looks\ndescription: For whoever needs it.\n"))
    assert found == ['component.yaml:2: "whoever": write anyone who']


EXAMPLES = {
    "nobody sets this label": "who it is (the operator, another field manager, the user), or the passive",
    "whoever applies it": "anyone who",
    "the plugin is told by a file": "is configured with",
    "the pool says nothing of it": "does not mention",
    "the value is not said": "not set",
    "what is said there": "is set",
    "it stands beside the lock": "is at",
    "that is no field of the API": "is not a ...",
    "a device plugin of somebody else": "of another ...",
    "the gate is closed": "enabled, disabled, enabled by default",
    "open the gate first": "enable the feature gate",
    "from the beginning": "when they join; initially",
    "the plugin hands out GPUs": "allocate",
    "there is a way out": "fix; alternative",
    "it does not support any more": "no longer",
    "pods share it in turns": "by time-slicing; in rotation",
    "two keys exclude each other": "are mutually exclusive",
    "the file is a whole example": "a complete ...",
    "compared leaf by leaf": "field by field",
    "quotas are held against the pools": "compared with",
    "the same is asked of nodes": "applies to; is required of",
    "objects of one's own": "your own",
    "pods wait for ever": "forever",
    "pods ask for GPUs": "request",
    "it cuts GPUs": "partition",
    "dropped without a word": "silently",
    "in so many words": "explicitly",
    "a word on drift": "about",
    "in force nowhere": "applies to nothing",
    "worth saying": "say it",
}
"""One text for each recommendation, in which the phrase must be found."""


def test_every_phrase_is_found_in_an_example_of_it() -> None:
    """Each alternative of the patterns can match: a list that cannot fail would be useless."""
    for sample, instead in EXAMPLES.items():
        assert any(phrase.instead == instead and phrase.pattern.search(sample) for phrase in phrases()), sample
    assert {phrase.instead for phrase in phrases()} == set(EXAMPLES.values())
