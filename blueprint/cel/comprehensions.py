"""Rewrites syntax that the library does not support: two-variable comprehensions, and formats that return an optional.

`m.all(k, v, P)` becomes `cel.bind(_m, m, keys(_m).all(k, cel.bind(v, _m[k], P)))`: an iteration over the keys of a map
or the indices of a list, with the value bound to its name. The result is the same, but column numbers differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from blueprint.cel.functions.formats import FAULTS
from blueprint.cel.functions.lists import FROM_ENTRIES, KEYS, MERGED
from blueprint.cel.syntax import CelExpression

_RECEIVER, _KEY, _VALUE = 0, 1, 2
_TWO_VARIABLES: Mapping[str, tuple[int, ...]] = {
    "all": (4,),
    "exists": (4,),
    "existsOne": (4,),
    "exists_one": (4,),
    "transformList": (4, 5),
    "transformMap": (4, 5),
    "transformMapEntry": (4, 5),
}
"""The number of parts of a comprehension call with two variables, including the receiver."""


def is_two_variable(node: CelExpression) -> bool:
    """Whether a call is a comprehension over keys and values."""
    sizes = _TWO_VARIABLES.get(node.value, ()) if node.kind == "call" and node.method else ()
    return len(node.parts) in sizes and node.parts[_KEY].kind == node.parts[_VALUE].kind == "name"


def is_format(node: CelExpression) -> bool:
    """Whether a call is `.validate(text)`."""
    return node.kind == "call" and node.method and node.value == "validate" and len(node.parts) == 2  # noqa: PLR2004


def rewritten(tree: CelExpression, text: str) -> str:
    """The text of a tree in a form that the library can compile; the original text if nothing needs to be rewritten."""
    if not any(is_two_variable(node) or is_format(node) for node in tree.walk()):
        return text
    return CelWriter(text).write(tree)


def text_of(node: CelExpression, text: str) -> str:
    """A part of an expression as a separate expression. Brackets, which are not part of the tree, are added again."""
    own = text[node.start : node.end]
    return own if own.count("(") == own.count(")") == 0 else _Plain(text).write(node)


class CelWriter:
    """Writes a tree as text, with brackets around everything. Subclasses can write some nodes differently."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._numbers = count()

    def write(self, node: CelExpression) -> str:
        """The text of one node."""
        if is_two_variable(node):
            return self._comprehension(node)
        if is_format(node):
            name, parts = f"_f{next(self._numbers)}", self._all(node.parts)
            empty = f"size({name}) == 0 ? optional.none() : optional.of({name})"
            return f"cel.bind({name}, {FAULTS}({', '.join(parts)}), {empty})"
        if node.kind == "literal":
            return self.text[node.start : node.end]
        return _FORMS[node.kind](node, self._all(node.parts))

    def _all(self, parts: tuple[CelExpression, ...]) -> list[str]:
        return [self.write(part) for part in parts]

    def _comprehension(self, node: CelExpression) -> str:
        whole, inner = f"_m{next(self._numbers)}", self._all(node.parts)
        key, value = inner[_KEY], inner[_VALUE]

        def bound(expression: str) -> str:
            """The expression with the macro's second variable bound to the value of the current key."""
            return f"cel.bind({value}, {whole}[{key}], {expression})"

        keys = f"{KEYS}({whole})"
        macro = {"existsOne": "exists_one"}.get(node.value, node.value)
        if not macro.startswith("transform"):
            return f"cel.bind({whole}, {inner[_RECEIVER]}, {keys}.{macro}({key}, {bound(inner[-1])}))"
        if len(inner) == _TWO_VARIABLES[macro][-1]:
            keys = f"{keys}.filter({key}, {bound(inner[3])})"
        pair = macro == "transformMap"
        each = bound(f"[dyn({key}), dyn({inner[-1]})]" if pair else inner[-1])
        built = f"{keys}.map({key}, {each})"
        wrapper = {"transformMap": FROM_ENTRIES, "transformMapEntry": MERGED}.get(macro, "")
        return f"cel.bind({whole}, {inner[_RECEIVER]}, {wrapper}({built}))"


def _call(node: CelExpression, parts: list[str]) -> str:
    if node.method:
        return f"{parts[0]}.{node.value}({', '.join(parts[1:])})"
    return f"{node.value}({', '.join(parts)})"


def _select(node: CelExpression, parts: list[str]) -> str:
    name = node.value if node.value.isidentifier() else f"`{node.value}`"
    return f"{parts[0]}.{'?' if node.optional else ''}{name}"


def _entries(parts: list[str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in zip(parts[::2], parts[1::2], strict=True))


_FORMS: Mapping[str, Callable[[CelExpression, list[str]], str]] = {
    "name": lambda node, _: str(node.value),
    "select": _select,
    "index": lambda node, parts: f"{parts[0]}[{'?' if node.optional else ''}{parts[1]}]",
    "call": _call,
    "unary": lambda node, parts: f"({node.value}{parts[0]})",
    "binary": lambda node, parts: "(" + f" {node.value} ".join(parts) + ")",
    "choice": lambda _, parts: f"({parts[0]} ? {parts[1]} : {parts[2]})",
    "list": lambda _, parts: f"[{', '.join(parts)}]",
    "map": lambda _, parts: f"{{{_entries(parts)}}}",
    "struct": lambda node, parts: f"{node.value}{{{_entries(parts)}}}",
    "optional": lambda _, parts: f"?{parts[0]}",
}


class _Plain(CelWriter):
    """Rewrites nothing."""

    def write(self, node: CelExpression) -> str:
        """The text of the expression: literals as they stand, everything else from its parts."""
        if node.kind == "literal":
            return self.text[node.start : node.end]
        return _FORMS[node.kind](node, [self.write(part) for part in node.parts])
