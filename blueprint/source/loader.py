"""Reads YAML into plain values with a location for every key and value, at the speed of the C parser.

The parser's events are converted to data and marks in one pass, without nodes and resolver. Errors are collected: a
document with a duplicate key and three ambiguous scalars gets four diagnostics in one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from blueprint.diagnostics import Code, Diagnostic, Fix, Note, Refused
from blueprint.patterns import lazy_pattern
from blueprint.source import codes
from blueprint.source.document import Document, Marks
from blueprint.source.events import TOO_DEEP, ParseFailure, events_of, failure, yaml_errors
from blueprint.source.placeholders import find_variable
from blueprint.source.scalars import AMBIGUOUS, boolean_word, quoted_form, resolve

_CONFLICT = ("<<<<<<< ", ">>>>>>> ")
MAX_DEPTH = 100
MAX_NODES = 100_000
"""The maximum number of values that aliases may add to a document."""
MOST_VALUES = 2_000_000
"""Values of a file. Each takes half a kilobyte, and 32 MiB of manifests have fewer."""
MOST_PROBLEMS = 1_000
"""The maximum number of problems of one kind that are reported for one text."""
WAYS_OUT = {
    codes.SYNTAX: "check this line and the one before for open brackets or quotes, missing colons and indentation",
    codes.DUPLICATE_KEY: "remove one of them",
    codes.EXPANSION: "write out the values, or move what is shared into an overlay",
    codes.SEVERAL_DOCUMENTS: "put each document into a separate file, and list it in extends",
    codes.KEY_NOT_TEXT: "quote the key if it is a string",
    codes.TAG: "remove the tag; use extends to include other files",
    codes.MERGE_KEY: "write out the keys, or move what is shared into an overlay",
    codes.TOO_DEEP: "remove levels: no blueprint needs that many",
    codes.NOT_READ: "split the file, or omit it if it contains data instead of manifests",
}
"""The help, by code."""
_FORBIDDEN = lazy_pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that YAML forbids, and those that only some readers treat as line breaks (U+0085, U+2028, U+2029) or
ignore (U+FEFF).
"""
_PLAIN = bytes((*b"\t\n\r", *range(0x20, 0x7F)))
"""The characters of most texts; searching for the others takes ten times as long."""


def load_text(text: str, file: str, *, dates: bool = False) -> Document:
    """The single document in `text`. Raises Refused with all of its errors.

    `dates`: dates (2027-03-31) may be unquoted, and are read as strings.
    """
    return only_document(load_documents(text, file, dates=dates), text, file)


def only_document(documents: Sequence[Document], text: str, file: str) -> Document:
    """The single document of a text, which may be empty. Raises Refused if there are more."""
    if len(documents) > 1:
        at = documents[1].span()
        message = f"{file} contains {len(documents)} documents, but must contain one"
        raise Refused(Diagnostic(codes.SEVERAL_DOCUMENTS, message, at=at, help=WAYS_OUT[codes.SEVERAL_DOCUMENTS]))
    return documents[0] if documents else Document(file, text, None, None)


def load_documents(text: str, file: str, *, dates: bool = False) -> list[Document]:
    """All documents in `text`, except for empty ones. Raises Refused with all errors."""
    return list(each_document(text, file, dates=dates))


def each_document(text: str, file: str, *, dates: bool = False) -> Iterator[Document]:
    """The documents in `text` one by one, so that only one is in memory at a time. Raises Refused after the last
    one.
    """
    builder = Builder(text, file, dates=dates)
    yield from read_stream(builder)
    if builder.problems:
        raise Refused(*builder.problems)


def read_stream(builder: Builder) -> Iterator[Document]:
    """All documents in the builder's text; its problems are complete at the end."""
    plain = builder.text.isascii() and not builder.text.encode().translate(None, _PLAIN)
    if not plain and (bad := _FORBIDDEN.search(builder.text)):
        builder.stop(_control_character(builder.sheet, bad.start()))
        return
    try:
        yield from builder.documents()
    except yaml_errors() as error:
        builder.stop(_syntax(failure(error), builder.sheet))


_MERGE = "tag:yaml.org,2002:merge"
"""The tag of `<<`, which yq writes out."""
_DAY = lazy_pattern(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


class _Abandoned(Exception):  # noqa: N818
    """Reading of the document must stop."""


class Builder:
    """Converts events to documents, collecting problems.

    `stopped` says that the text was not read to its end, `full` that no more of the file may be read.
    """

    aliases_are_keys = False
    """Whether a key may be an alias of a text, as not every reader knows it."""

    def __init__(self, text: str, file: str, *, dates: bool = False) -> None:
        self.file = file
        self.dates = dates
        self.problems: list[Diagnostic] = []
        self.counts: Counter[Code] = Counter()
        self.plain: dict[str, Any] = {}
        self.nodes = 0
        self.full = False
        self.turn_to(text)

    def turn_to(self, text: str, first_line: int = 0) -> None:
        """Go on with a text that stands in the file behind so many lines."""
        self.text = text
        self.stopped = False
        self.events = events_of(text)
        self.sheet = Document(self.file, text, None, None, first_line)

    @property
    def nulls(self) -> bool:
        """Whether a null may have been read: some value is written as one, or is ambiguous."""
        return any(value is None or value is AMBIGUOUS for value in self.plain.values())

    def documents(self) -> Iterator[Document]:
        """All documents of the stream."""
        while type(event := self.events.next()) is not self.events.stream_end:
            if type(event) is self.events.document:
                self.anchors: dict[str, tuple[Any, Marks, int]] = {}
                self.open: list[str] = []
                self.aliased = 0
                root = self.events.next()
                if type(root) is self.events.scalar and root.implicit[0] and not (root.value or root.anchor):
                    continue  # an empty document: no null is in any other because of it
                try:
                    value, marks = self._node(root, 0)
                except _Abandoned:
                    self.stopped = True
                    return
                if value is not None or marks[0].index != marks[1].index:
                    yield Document(self.file, self.text, value, marks, self.sheet.first_line)

    def stop(self, problem: Diagnostic) -> None:
        """Note why the text cannot be read further."""
        self.problems.append(problem)
        self.stopped = True

    def _node(self, event: Any, depth: int) -> tuple[Any, Marks]:
        kind = type(event)
        if kind is self.events.scalar:
            self.nodes += 1
            value = self._scalar(event)
            marks: Marks = (event.start_mark, event.end_mark, None)
            if event.anchor:
                self.anchors[event.anchor] = (value, marks, 1)
            return value, marks
        if kind is self.events.alias:
            return self._alias(event)
        return self._collection(event, depth)

    def _collection(self, event: Any, depth: int) -> tuple[Any, Marks]:
        if depth >= MAX_DEPTH:
            self._problem(codes.TOO_DEEP, f"the document is nested more than {MAX_DEPTH} levels deep", event)
            raise _Abandoned
        if self.nodes > MOST_VALUES:
            self._problem(
                codes.NOT_READ,
                f"the file has more than {MOST_VALUES:,} values; nothing after this line was read",
                event,
            )
            self.full = True
            raise _Abandoned
        if event.tag:
            self._tag(event)
        before = self.nodes
        self.nodes += 1
        if event.anchor:
            self.open.append(event.anchor)
        read = self._mapping if type(event) is self.events.mapping else self._list
        data, children, last = read(depth + 1)
        marks = (event.start_mark, last.end_mark, children)
        if event.anchor:
            self.open.remove(event.anchor)
            self.anchors[event.anchor] = (data, marks, self.nodes - before)
        return data, marks

    def _mapping(self, depth: int) -> tuple[Any, Any, Any]:
        data: dict[str, Any] = {}
        children: dict[str, Any] = {}
        get, scalar, end, plain = self.events.next, self.events.scalar, self.events.mapping_end, self.plain
        count = 0
        while True:
            key_event = get()
            if type(key_event) is scalar:
                key = key_event.value
                if (plain.get(key) != key) if key_event.implicit[0] else (key_event.tag == _MERGE):
                    self._plain_key(key_event)
            elif type(key_event) is end:
                self.nodes += count
                return data, children, key_event
            else:
                key = self._complex_key(key_event, depth)
            if key in children:
                self._duplicate(key, key_event, children[key])
            event = get()
            if type(event) is scalar and event.anchor is None:
                count += 1
                text = event.value
                if event.implicit[0]:
                    value = plain.get(text, AMBIGUOUS)
                    data[key] = self._scalar(event) if value is AMBIGUOUS else value
                else:
                    data[key] = text if event.tag is None else self._scalar(event)
                node: Marks = (event.start_mark, event.end_mark, None)
                if not text and event.start_mark.line != key_event.end_mark.line:
                    node = _behind(key_event)  # an empty value, whose position the parsers disagree on
            else:
                data[key], node = self._node(event, depth)
            children[key] = (key_event.start_mark, key_event.end_mark, node)

    def _list(self, depth: int) -> tuple[Any, Any, Any]:
        data: list[Any] = []
        children: list[Marks] = []
        get, end = self.events.next, self.events.sequence_end
        while True:
            event = get()
            if type(event) is end:
                return data, children, event
            value, marks = self._node(event, depth)
            data.append(value)
            children.append(marks)

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            if event.tag and event.tag != "!":
                self._tag(event)
            return text
        try:
            value = self.plain[text]
        except KeyError:
            value = resolve(text)
            if value is AMBIGUOUS and self.dates and _DAY.fullmatch(text):
                value = text
            self.plain[text] = value
        return self.ambiguous(text, event) if value is AMBIGUOUS else value

    def _alias(self, event: Any) -> tuple[Any, Marks]:
        if event.anchor in self.open:
            self._problem(codes.EXPANSION, f"the alias *{event.anchor} refers to an anchor that contains it", event)
            raise _Abandoned
        if event.anchor not in self.anchors:
            self._problem(codes.EXPANSION, f"the alias *{event.anchor} refers to no anchor above it", event)
            raise _Abandoned
        value, marks, size = self.anchors[event.anchor]
        self.nodes += size
        self.aliased += size
        if self.aliased > MAX_NODES:
            message = f"aliases make this document grow by more than {MAX_NODES} values"
            self._problem(codes.EXPANSION, message, event)
            raise _Abandoned
        return value, (event.start_mark, event.end_mark, marks[2])

    def _plain_key(self, event: Any) -> None:
        text = event.value
        value = self.plain[text] = resolve(text)
        if text == "<<":
            self._problem(codes.MERGE_KEY, "merge keys (<<) are not supported", event)
        elif value is AMBIGUOUS:
            self.ambiguous(text, event)
        elif not isinstance(value, str):
            message = f"the key {text} is not a string" if text else "a key is empty"
            self._problem(codes.KEY_NOT_TEXT, message, event)
        else:
            self.plain[text] = text

    def _complex_key(self, event: Any, depth: int) -> str:
        if self.aliases_are_keys and type(event) is self.events.alias and event.anchor in self.anchors:
            value = self.anchors[event.anchor][0]
            if isinstance(value, str):
                return value
        self._problem(codes.KEY_NOT_TEXT, "a list, mapping or alias cannot be a key", event)
        self._node(event, depth)
        return f"\0{event.start_mark.index}"

    def _duplicate(self, key: str, event: Any, first: Any) -> None:
        note = Note("first given here", self.sheet.span_of(first[0], first[1]))
        self._problem(codes.DUPLICATE_KEY, f"the key {key} is given twice", event, notes=(note,))

    def ambiguous(self, text: str, event: Any) -> Any:
        """The value of a scalar on which YAML readers disagree."""
        if self._is_too_much(codes.AMBIGUOUS_SCALAR):
            return text
        at = self.sheet.span_of(event.start_mark, event.end_mark)
        help_ = "quote it if it is a string; otherwise write true, false or a plain decimal number"
        fix: Fix | None = Fix(at, quoted_form(text))
        if (word := boolean_word(text)) is not None:  # Either may be intended, so neither is a safe edit.
            help_, fix = f"write {word}, or {quoted_form(text)} if you mean the string", None
        message = f"{text} means different things to different YAML readers"
        self.problems.append(Diagnostic(codes.AMBIGUOUS_SCALAR, message, at=at, help=help_, fix=fix))
        return text

    def _tag(self, event: Any) -> None:
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        self._problem(codes.TAG, f"the tag {tag} is not supported", event)

    def _problem(self, code: Code, message: str, event: Any, *, notes: tuple[Note, ...] = ()) -> None:
        if not self._is_too_much(code):
            at = self.sheet.span_of(event.start_mark, event.end_mark)
            self.problems.append(Diagnostic(code, message, at=at, help=WAYS_OUT[code], notes=notes))

    def _is_too_much(self, code: Code) -> bool:
        """Count a problem; the first one above the limit is replaced by a remark."""
        self.counts[code] += 1
        if self.counts[code] == MOST_PROBLEMS + 1:
            message = f"{self.file} has more than {MOST_PROBLEMS:,} problems of this kind; the others are not listed"
            self.problems.append(Diagnostic(code, message))
        return self.counts[code] > MOST_PROBLEMS


class _Mark(NamedTuple):
    """A position in the text, counted from 0."""

    line: int
    column: int


def _behind(key: Any) -> Marks:
    """The position of a missing value: after the colon of its key."""
    mark = _Mark(key.end_mark.line, key.end_mark.column + 1)
    return mark, mark, None


def _syntax(found: ParseFailure, sheet: Document) -> Diagnostic:
    at = sheet.stretch(found.line, found.column, found.column + 1)
    lines = sheet.lines
    if (number := next((n for n, line in enumerate(lines) if line.startswith(_CONFLICT)), None)) is not None:
        span = sheet.stretch(number, 0, len(lines[number].rstrip()))
        message = "the file contains an unresolved merge conflict"
        return Diagnostic(
            codes.SYNTAX, message, at=span, help="keep one side, and remove the lines with <<<, === and >>>"
        )
    tabbed = next((n for n in (found.line, found.line - 1) if 0 <= n < len(lines) and _has_tab(lines[n])), None)
    if tabbed is not None:
        column = lines[tabbed].index("\t")
        span = sheet.stretch(tabbed, column, column + 1)
        return Diagnostic(codes.TAB, "a tab is used for indentation", at=span, help="indent with spaces")
    if TOO_DEEP in found.message:
        message = f"the document is nested more than {MAX_DEPTH} levels deep"
        return Diagnostic(codes.TOO_DEEP, message, at=at, help=WAYS_OUT[codes.TOO_DEEP])
    help_ = WAYS_OUT[codes.SYNTAX]
    if found.line < len(lines) and (variable := find_variable(lines[found.line])):
        help_ = f"quote {variable[0]}, because {{ begins a mapping; in a blueprint, write the value itself"
    return Diagnostic(codes.SYNTAX, f"the file is not valid YAML: {found.message}", at=at, help=help_)


def _has_tab(line: str) -> bool:
    return "\t" in line[: len(line) - len(line.lstrip())]


def _control_character(sheet: Document, index: int) -> Diagnostic:
    column = index - sheet.text.rfind("\n", 0, index) - 1
    at = sheet.stretch(sheet.text.count("\n", 0, index), column, column + 1)
    name = f"U+{ord(sheet.text[index]):04X}"
    message = f"the character {name} is not allowed in YAML, or parsers read it differently"
    return Diagnostic(codes.ENCODING, message, at=at, help="remove it, or escape it in double quotes")
