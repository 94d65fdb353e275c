"""`--set PATH=VALUE`: single values from the command line, as layers of the highest rank."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.patterns import lazy_pattern
from blueprint.records import replace
from blueprint.source import codes
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, Node, merge, nodes_of
from blueprint.source.paths import Path, format_path, parse_path
from blueprint.wording import counted_or_none

SET_FILE = "--set"
"""The file name in spans of command-line values; line n is the n-th `--set`."""
_EQUALS = lazy_pattern(r"""((?:[^="\[]|\[\s*"(?:[^"\\]|\\.)*"\s*\]|\[[^\]"]*\])+)=(.*)""", re.DOTALL)


def nodes_of_sets(
    sets: Sequence[str], rank: int, below: list[tuple[Layer, Node]], is_text: Callable[[Path], bool]
) -> list[tuple[Layer, Node]]:
    """One layer per `--set`, in order. Raises Refused with all malformed ones.

    If `is_text` is true for a path, `1.35` is a string: a shell would remove quotes around it.
    """
    found: list[tuple[Layer, Node]] = []
    problems: list[Diagnostic] = []
    exit_code = 1
    for number, text in enumerate(sets):
        layer = Layer(SET_FILE, "set", rank + number)
        try:
            found.append((layer, _node(text, number + 1, layer, [node for _, node in [*below, *found]], is_text)))
        except Refused as refused:
            problems.extend(refused.diagnostics)
            exit_code = max(exit_code, refused.exit_code)
    if problems:
        raise Refused(*problems, exit_code=exit_code)
    return found


def _node(text: str, line: int, layer: Layer, below: list[Node], is_text: Callable[[Path], bool]) -> Node:
    match = _EQUALS.fullmatch(text)
    if match is None:
        raise _malformed(text, line, "it is not PATH=VALUE")
    try:
        path = parse_path(match[1])
    except ValueError as error:
        raise _malformed(text, line, str(error), _quoted(match[1], match[2], is_text)) from error
    at = Span(SET_FILE, line, match.start(2) + 1, line, len(text) + 1)
    key = Span(SET_FILE, line, 1, line, match.end(1) + 1)
    value = _text_value(match[2], at, layer) if is_text(path) else _value(match[2], at, layer)
    value.key_span = key
    for end in range(len(path) - 1, -1, -1):
        value = _wrapped(value, path[: end + 1], key, layer, below, text)
    return value


def _wrapped(value: Node, path: tuple[str | int, ...], key: Span, layer: Layer, below: list[Node], text: str) -> Node:
    step = path[-1]
    if isinstance(step, str):
        return Node({step: value}, key, layer, key)
    items = next((node.value for node in (root.get(path[:-1]) for root in reversed(below)) if node), None)
    if not isinstance(items, list) or step >= len(items):
        there = f"it has {counted_or_none(len(items), 'item')}" if isinstance(items, list) else "there is no such list"
        whole = f"write the whole list: --set '{format_path(path[:-1])}=[...]'"
        raise _malformed(text, key.line, f"there is no such list item: {there}", whole)
    changed = [merge(item, value, []) if index == step else item for index, item in enumerate(items)]
    return Node(changed, key, layer, key)


def _text_value(text: str, at: Span, layer: Layer) -> Node:
    """The literal text; values in YAML quotes, `null`, and collections are parsed as YAML."""
    try:
        value = _value(text, at, layer)
    except Refused:
        return Node(text, at, layer)
    return Node(text, at, layer) if isinstance(value.value, bool | int | float) else value


def _value(text: str, at: Span, layer: Layer) -> Node:
    if not text:
        return Node("", at, layer)
    try:
        document = load_text(text, SET_FILE)
    except Refused as refused:
        raise Refused(*(replace(found, at=at, fix=None) for found in refused.diagnostics)) from refused
    if document.marks is None:
        return Node(None, at, layer)
    return _placed(nodes_of(document, layer), at)


def _placed(node: Node, at: Span) -> Node:
    """The node with all spans set to the command line's value."""
    value: Any = node.value
    if isinstance(value, dict):
        value = {key: _placed(item, at) for key, item in value.items()}
    elif isinstance(value, list):
        value = [_placed(item, at) for item in value]
    return replace(node, value=value, span=at, key_span=at if node.key_span else None)


def _quoted(path: str, value: str, is_text: Callable[[Path], bool]) -> str | None:
    """How to write a path whose last key contains dots or slashes, such as that of a label."""
    steps = path.split(".")
    for number in range(1, len(steps)):
        above, key = tuple(steps[:number]), ".".join(steps[number:])
        if "/" in key and is_text((*above, key)):
            return f"quote a key that contains dots or slashes: --set '{format_path((*above, key))}={value}'"
    return 'quote a key that contains dots or slashes: ["acme.example/pool"]' if "/" in path else None


def _malformed(text: str, line: int, reason: str, help_: str | None = None) -> Refused:
    at = Span(SET_FILE, line, 1, line, len(text) + 1)
    message = f"--set {text}: {reason}"
    return Refused(Diagnostic(codes.SET_MALFORMED, message, at=at, help=help_ or "write --set PATH=VALUE"), exit_code=2)
