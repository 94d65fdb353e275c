"""The syntax of CEL: parses text to a tree in which every part has its position.

Only the syntax is checked: no names are resolved, and nothing is evaluated. Based on the grammar of the language
(cel-spec, langdef.md), with the optional syntax that Kubernetes enables (`.?name`, `[?key]`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blueprint.patterns import lazy_pattern
from blueprint.records import Record

_TOKEN = lazy_pattern(
    r"""(?P<space>(?:\s|//[^\n]*)+)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)
    |(?P<string>(?:[bB]?[rR]?|[rR][bB])(?:'''(?s:.*?)'''|\"""(?s:.*?)\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z0-9_./ -]+`)
    |(?P<mark>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_JOINS = 2
"""The number of precedence levels that join any number of operands."""
_MOST_CHARACTERS = 100_000
"""Ten times the limit of the API server for a selector."""
_DEEPEST = 25
_LONGEST = 100
"""The maximum nesting depth of brackets, and length of a chain of selections or sums. No real selector comes close."""


class CelError(Exception):
    """The text is not an expression: the error, with its start and end."""

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.text, self.start, self.end = text, start, end


class TooComplexError(CelError):
    """The text is longer or more deeply nested than any that is written by hand; it may still be an expression."""


class CelExpression(Record):
    """A part of an expression.

    Attributes:
        kind: literal, name, select, index, call, unary, binary, choice, list, map, struct, or optional for an entry of
            these with a question mark.
        start: The position of its first character.
        end: The position after its last character.
        value: The value of a literal; otherwise the name, the field, the function or the operator.
        parts: The operands: for select and index the object first, for a method its receiver; the operands of a chain
            of
            && or || are on one level.
        method: Whether a call has a receiver.
        optional: Whether a selection or an index has a question mark.
    """

    kind: str
    start: int
    end: int
    value: Any = None
    parts: tuple[CelExpression, ...] = ()
    method: bool = False
    optional: bool = False

    def walk(self) -> Iterator[CelExpression]:
        """This node and all of its descendants."""
        ahead = [self]
        while ahead:
            node = ahead.pop()
            yield node
            ahead.extend(reversed(node.parts))


def parse(text: str) -> CelExpression:
    """The tree of an expression. Raises CelError."""
    if len(text) > _MOST_CHARACTERS:
        raise TooComplexError(f"the expression has more than {_MOST_CHARACTERS} characters", 0, 1)
    parser = _Parser(text)
    tree = parser.choice()
    if parser.kind != "end":
        parser.fail("the expression should end here")
    return tree


class _Parser:
    """A parser with one token of lookahead. Each method parses the construct that it is named after."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._depth = 0
        self.kind, self.value, self.start, self.stop = "", "", 0, 0
        self._next()

    def fail(self, text: str) -> None:
        """Report an error at the current token."""
        raise CelError(text, self.start, max(self.stop, self.start + 1))

    def _next(self) -> str:
        """Advance by one token and return the previous one."""
        taken, self._end = self.value, self.stop
        at = self.stop
        match = _TOKEN.match(self._text, at)
        if match and match.lastgroup == "space":
            at = match.end()
            match = _TOKEN.match(self._text, at)
        if match is None and at < len(self._text):
            what = (
                "the string is not terminated" if self._text[at] in "'\"" else f"{self._text[at]} has no meaning here"
            )
            raise CelError(what, at, at + 1)
        self.kind = str(match.lastgroup) if match else "end"
        self.value = match.group() if match else ""
        self.start, self.stop = at, match.end() if match else at
        return taken

    def _take(self, mark: str) -> bool:
        found = self.kind in ("mark", "name") and self.value == mark
        if found:
            self._next()
        return found

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            self.fail(f"{mark} is missing here")

    def choice(self) -> CelExpression:
        """`a ? b : c`, or an expression of higher precedence."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooComplexError("the expression is nested too deeply", self.start, max(self.stop, self.start + 1))
        first = self._binary(0)
        if self._take("?"):
            then = self._binary(0)
            self._need(":")
            other = self.choice()
            first = CelExpression("choice", first.start, self._end, None, (first, then, other))
        self._depth -= 1
        return first

    def _binary(self, level: int) -> CelExpression:
        if level == len(_LEVELS):
            return self._unary()
        found = self._binary(level + 1)
        if level < _JOINS:
            return self._joined(found, level)
        links = 0
        while self.kind in ("mark", "name") and self.value in _LEVELS[level]:
            operator = self._next()
            right = self._binary(level + 1)
            links = self._link(links)
            found = CelExpression("binary", found.start, right.end, operator, (found, right))
        return found

    def _joined(self, first: CelExpression, level: int) -> CelExpression:
        """The operands of a chain of && or ||, starting with `first`; only `first` if there is no operator."""
        operator = _LEVELS[level][0]
        parts = [first]
        while self._take(operator):
            parts.append(self._binary(level + 1))
        return first if len(parts) == 1 else CelExpression("binary", first.start, parts[-1].end, operator, tuple(parts))

    def _link(self, links: int) -> int:
        if links > _LONGEST:
            raise TooComplexError(
                "the expression has too many chained operators", self.start, max(self.stop, self.start + 1)
            )
        return links + 1

    def _unary(self) -> CelExpression:
        start = self.start
        operators = []
        while self.kind == "mark" and self.value in ("!", "-"):
            operators.append(self._next())
            self._link(len(operators))
        found = self._member()
        for operator in reversed(operators):
            found = CelExpression("unary", start, found.end, operator, (found,))
        return found

    def _member(self) -> CelExpression:
        found = self._primary()
        links = 0
        while self.kind == "mark" and self.value in (".", "["):
            links = self._link(links)
            if self._next() == ".":
                found = self._field(found)
            else:
                optional = self._take("?")
                key = self.choice()
                self._need("]")
                found = CelExpression("index", found.start, self._end, None, (found, key), optional=optional)
        return found

    def _field(self, of: CelExpression) -> CelExpression:
        optional = self._take("?")
        if self.kind != "name":
            self.fail("a name is missing here")
        name = self._next().strip("`")
        if not self._take("("):
            return CelExpression("select", of.start, self._end, name, (of,), optional=optional)
        arguments = self._many(")")
        return CelExpression("call", of.start, self._end, name, (of, *arguments), method=True)

    def _primary(self) -> CelExpression:
        start, kind = self.start, self.kind
        if kind in ("number", "string"):
            text = self._next()
            return CelExpression("literal", start, self._end, _number(text) if kind == "number" else _string(text))
        if self._take("("):
            found = self.choice()
            self._need(")")
            return found
        if self._take("["):
            return self._ended("list", start, None, self._many("]"))
        if self._take("{"):
            return self._ended("map", start, None, self._entries())
        self._take(".")
        if self.kind != "name":
            self.fail("the expression ends too early" if self.kind == "end" else f"{self.value} does not belong here")
        return self._named(start)

    def _named(self, start: int) -> CelExpression:
        name = self._next()
        if name in _CONSTANTS:
            return CelExpression("literal", start, self._end, _CONSTANTS[name])
        if self._take("("):
            return self._ended("call", start, name, self._many(")"))
        while self._text[self.start : self.start + 1] == "." and _MESSAGE.match(self._text, self.start):
            self._next()
            name += "." + self._next()
        if self._take("{"):
            return self._ended("struct", start, name, self._entries())
        return CelExpression("name", start, self._end, name)

    def _ended(self, kind: str, start: int, value: Any, parts: tuple[CelExpression, ...]) -> CelExpression:
        """A node that ends at the last token."""
        return CelExpression(kind, start, self._end, value, parts)

    def _many(self, close: str) -> tuple[CelExpression, ...]:
        found: list[CelExpression] = []
        while not self._take(close):
            found.append(self._entry())
            if not self._take(",") and not (self.kind == "mark" and self.value == close):
                self.fail(f"{close} is missing here")
        return tuple(found)

    def _entry(self) -> CelExpression:
        start = self.start
        optional = self._take("?")
        found = self.choice()
        return CelExpression("optional", start, found.end, None, (found,)) if optional else found

    def _entries(self) -> tuple[CelExpression, ...]:
        found: list[CelExpression] = []
        while not self._take("}"):
            found.append(self._entry())
            self._need(":")
            found.append(self.choice())
            if not self._take(",") and not (self.kind == "mark" and self.value == "}"):
                self.fail("} is missing here")
        return tuple(found)


_MESSAGE = lazy_pattern(r"(\.[A-Za-z_]\w*)+\s*\{")
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_ESCAPE = lazy_pattern(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _number(text: str) -> int | float:
    text = text.rstrip("uU")
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return float(text) if re.search(r"[.eE]", text) else int(text)


def _string(text: str) -> str | bytes:
    """The value of the literal. Numeric escapes are not decoded: no attribute needs them."""
    prefix = re.match(r"[bBrR]*", text)
    marks = prefix.group().lower() if prefix else ""
    body = text[len(marks) :]
    quotes = 3 if body[:3] in ("'''", '"""') else 1
    body = body[quotes:-quotes]
    body = body if "r" in marks else _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), body)
    return body.encode() if "b" in marks else body
