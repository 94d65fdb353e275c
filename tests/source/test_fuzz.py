"""Whatever a file contains, the loader and the compiler return data or diagnostics; both parsers agree."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint
from blueprint.source import loader as loader_module
from blueprint.source.document import Document, walk
from blueprint.source.events import pure_events
from blueprint.source.files import decode
from blueprint.source.loader import load_documents, load_text

ROOT = Path(__file__).parents[2]
EXAMPLES = [file.read_text("utf-8") for file in sorted((ROOT / "examples").glob("*/*.yaml"))]
TOKENS = [
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "? ",
    "&a ",
    "*a",
    "!x ",
    "|",
    ">",
    "#",
    "\t",
    "\n",
    "---\n",
    "...\n",
    "%",
    "@",
    "`",
    ", ",
    "<<: ",
    "\\",
    "é",
    "\U0001f600",
    "\u2028",
    "\x85",
    "\ufeff",
    "null",
    "yes",
    "0x1",
    "1e3",
    "12:30",
]
WORDS = st.sampled_from([*TOKENS, "a", "b: ", "key: value\n", "  ", "\n  "])


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """An example after a few characters or lines were deleted, duplicated, moved or inserted."""
    text = draw(st.sampled_from(EXAMPLES))
    chance = draw(st.randoms(use_true_random=False))
    for _ in range(draw(st.integers(1, 6))):
        text = _mutated(text, chance)
    return text


def _mutated(text: str, chance: random.Random) -> str:
    if chance.random() < 0.5 or not text:
        at = chance.randint(0, len(text))
        length = chance.choice([0, 1, 1, 2, 5])
        return text[:at] + chance.choice(["", *TOKENS]) + text[at + length :]
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at : at + 1] = chance.choice(
        [[], [lines[at]] * 2, [" " + lines[at]], [lines[at].lstrip()], [lines[at], "  x: 1\n"]]
    )
    return "".join(lines)


def outcome(text: str) -> list[Document] | Refused:
    """The result of reading. Anything but these two fails the test."""
    try:
        return load_documents(text, "fuzz.yaml")
    except Refused as refused:
        return refused


@settings(deadline=5000, max_examples=200)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        text = decode(data, "fuzz.yaml")
    except Refused:
        return
    outcome(text)


@settings(deadline=5000, max_examples=300)
@given(st.text(max_size=80) | st.lists(WORDS, max_size=25).map("".join))
@example("? [a]\n: b")
@example("a: *a")
@example("&a [*a]")
@example("{a: 1, a: 2, ? {} : 3}")
def test_text_is_read_or_refused_and_every_value_has_a_place(text: str) -> None:
    found = outcome(text)
    if isinstance(found, Refused):
        assert found.diagnostics
        return
    lines = text.split("\n")
    for document in found:
        for path, _ in walk(document.data):
            span = document.span(path)
            assert 1 <= span.line <= span.end_line <= len(lines) + 1
            assert (span.line, span.column) <= (span.end_line, span.end_column)


@settings(deadline=20000, max_examples=60)
@given(text=mutations())
def test_a_damaged_blueprint_is_compiled_or_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Through every phase: never a traceback, never an internal error (exit 70)."""
    file = tmp_path_factory.getbasetemp() / "fuzz" / "blueprint.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    try:
        compilation = compile_blueprint(str(file))
        found, exit_code = compilation.diagnostics, 1
    except Refused as refused:
        compilation, found, exit_code = None, refused.diagnostics, refused.exit_code
    assert exit_code in (1, 2)
    assert found or (compilation and compilation.bundle)
    assert "BP0001" not in {each.code.id for each in found}


def both(text: str) -> tuple[list[Document] | Refused, list[Document] | Refused]:
    """The outcome with the C parser and with the Python parser."""
    native = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader_module, "events_of", pure_events)
        return native, outcome(text)


def told(found: list[Document] | Refused) -> list[Any]:
    """Data and positions, or problems; for a syntax error only the fact."""
    if isinstance(found, Refused):
        ids = [each.code.id for each in found.diagnostics]
        wording = {"BP1002", "BP1004"}
        return [(each.code.id, each.at) for each in found.diagnostics if each.code.id not in wording] + [
            bool(wording & {*ids})
        ]
    return [(path, value, document.span(path)) for document in found for path, value in walk(document.data)]


def corpus() -> Iterator[Path]:
    """Every YAML file of the repository that blueprints and components consist of."""
    for folder in ("examples", "overlays", "components", "schemas", "workloads", "tests"):
        yield from sorted((ROOT / folder).rglob("*.yaml"))


def test_both_parsers_read_the_repository_alike() -> None:
    files = [*corpus()]
    assert len(files) > 20
    small = [file for file in files if file.stat().st_size < 20_000]
    for file in small:
        native, pure = both(file.read_text("utf-8"))
        assert told(native) == told(pure), file


@settings(deadline=5000, max_examples=100)
@given(mutations())
@example("metadata:\nspec:\n  os: a\n")
def test_both_parsers_agree_on_what_is_wrong(text: str) -> None:
    native, pure = both(text)
    if "BP1002" not in str(told(native)) and not isinstance(native, Refused) and not isinstance(pure, Refused):
        assert told(native) == told(pure)


def test_a_document_of_ten_levels_of_ten_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    with pytest.raises(Refused) as caught:
        load_text("\n".join(lines), "bomb.yaml")
    assert [found.code.id for found in caught.value.diagnostics] == ["BP1005"]
