"""YAML events, from libyaml if PyYAML was built with it, otherwise from ruamel's parser.

The only module that imports YAML parsers for reading. PyYAML includes libyaml 0.2, which accepts `{image: nginx:1.25}`
like Kubernetes; ruamel.yaml.clib includes 0.1, which rejects it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from blueprint.records import Record

TOO_DEEP = "maximum nesting depth"
"""libyaml's error for a thousand nesting levels, raised before the first event."""
_UNFINISHED = ("while scanning a simple key", "while scanning a quoted scalar")


class ParseFailure(Exception):  # noqa: N818 - an outcome of reading, told as a diagnostic
    """The text is not YAML. `line` and `column` count from 0."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class _Scalar(Record, gc=False):
    """As in PyYAML, like the other events here: the arguments of its constructor, by position."""

    anchor: Any
    tag: Any
    implicit: Any
    value: Any
    start_mark: Any
    end_mark: Any
    style: Any


class _CollectionStart(Record, gc=False):
    anchor: Any
    tag: Any
    implicit: Any
    start_mark: Any
    end_mark: Any
    flow_style: Any


class _MappingStart(_CollectionStart, gc=False):
    pass


class _SequenceStart(_CollectionStart, gc=False):
    pass


class _MappingEnd(Record, gc=False):
    start_mark: Any
    end_mark: Any


class _SequenceEnd(Record, gc=False):
    start_mark: Any
    end_mark: Any


class Events(Record):
    """A stream of events and their classes. `next` raises exceptions that `failure` interprets."""

    next: Callable[[], Any]
    scalar: Any
    mapping: Any
    sequence: Any
    mapping_end: Any
    sequence_end: Any
    alias: Any
    document: Any
    stream_end: Any


def events_of(text: str) -> Events:
    """The events of `text`. Any call of `next` may raise a YAML error."""
    native = _native()
    if native is None:
        return pure_events(text)
    try:
        return _events(native.CParser(text).get_event, native)
    except UnicodeEncodeError:
        return pure_events(text)  # half a surrogate pair: only this parser reports its position


@cache
def _native() -> Any:
    """PyYAML's libyaml, building structs; None if PyYAML was built without it.

    PyYAML builds each event by calling the name of its class, and its classes are written in Python: that takes twice
    as long as parsing. Nothing else in this process uses the events of libyaml.
    """
    try:
        import yaml._yaml as built
    except ImportError:
        return None
    native: Any = built
    native.ScalarEvent = _Scalar
    native.MappingStartEvent = _MappingStart
    native.SequenceStartEvent = _SequenceStart
    native.MappingEndEvent = _MappingEnd
    native.SequenceEndEvent = _SequenceEnd
    return native


def pure_events(text: str) -> Events:
    """The events of the parser written in Python: five to ten times slower than the C parser, but always available."""
    from ruamel.yaml import YAML, events

    return _events(YAML(typ="safe", pure=True).parse(text).__next__, events)


def _events(get: Callable[[], Any], module: Any) -> Events:
    return Events(
        get,
        module.ScalarEvent,
        module.MappingStartEvent,
        module.SequenceStartEvent,
        module.MappingEndEvent,
        module.SequenceEndEvent,
        module.AliasEvent,
        module.DocumentStartEvent,
        module.StreamEndEvent,
    )


def yaml_errors() -> tuple[type[Exception], ...]:
    """The exceptions of `Events.next` for text that is not YAML. Called only after an exception, because it imports
    both parsers.
    """
    from ruamel.yaml.error import YAMLError
    from yaml.error import YAMLError as LibYamlError

    return YAMLError, LibYamlError


def failure(error: Any) -> ParseFailure:
    """The message and location of a YAML error: at the start of an unfinished construct, if recorded."""
    unfinished = getattr(error, "context", None) in _UNFINISHED
    marks = ("context_mark", "problem_mark") if unfinished else ("problem_mark", "context_mark")
    mark = next((found for name in marks if (found := getattr(error, name, None))), None)
    message = " ".join(part for part in (getattr(error, "problem", None), getattr(error, "context", None)) if part)
    return ParseFailure(message or str(error), mark.line if mark else 0, mark.column if mark else 0)
