"""Expressions that Python's grammar reads as Jinja's does, followed without Jinja.

Paths, comparisons, `and`, `or`, `not`, `a if b else c`, lists, methods of the platform and its components, and a few
filters: that is all that our own templates need, so compiling imports no template engine.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from blueprint.source.yaml_writer import emit

Expression = Callable[[Mapping[str, Any]], Any]
"""Evaluates with a context of names; raises ExpressionError."""

OMIT: Any = type("Omit", (), {"__repr__": lambda _: "omit", "__bool__": lambda _: False})()
"""What `omit` evaluates to: the key or list item is left out."""

FILTERS: Mapping[str, Callable[..., Any]] = {
    "join": lambda items, between="": str(between).join(map(str, items)),
    "yaml": emit,
    "yaml_each": lambda files: {name: emit(data) for name, data in files.items()},
}
_WORDS = {"true": True, "false": False, "none": None, "omit": OMIT}
_OURS = frozenset({"platform", "component", "derived"})
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}


class ExpressionError(ValueError):
    """An expression could not be compiled or evaluated."""


class _BeyondError(Exception):
    """The expression takes Jinja."""


def direct(text: str) -> Expression | None:
    """The expression, or None if it is one for Jinja (which also words what is wrong with it)."""
    try:
        evaluate = _compiled(ast.parse(text.strip(), mode="eval").body) if "\\" not in text else None
    except (SyntaxError, ValueError, RecursionError, _BeyondError):
        return None
    return evaluate


def _compiled(node: ast.expr) -> Expression:
    make = _MAKERS.get(type(node))
    if make is None:
        raise _BeyondError
    return make(node)


def _constant(node: ast.Constant) -> Expression:
    value = node.value
    if not isinstance(value, str | int | float | None):
        raise _BeyondError
    return lambda _: value


def _name(node: ast.Name) -> Expression:
    name = node.id
    if name in _WORDS:
        value = _WORDS[name]
        return lambda _: value

    def evaluate(context: Mapping[str, Any]) -> Any:
        try:
            return context[name]
        except KeyError as error:
            raise ExpressionError(f"{name} is not defined") from error

    return evaluate


def _attribute(node: ast.Attribute) -> Expression:
    """Jinja's order: `.x` is an attribute before it is an item."""
    name, inner = node.attr, _compiled(node.value)
    if name.startswith("_"):
        raise _BeyondError

    def evaluate(context: Mapping[str, Any]) -> Any:
        here = inner(context)
        try:
            return getattr(here, name)
        except AttributeError:
            return _item(here, name)

    return evaluate


def _subscript(node: ast.Subscript) -> Expression:
    if not isinstance(node.slice, ast.Constant) or not isinstance(node.slice.value, str):
        raise _BeyondError
    name, inner = node.slice.value, _compiled(node.value)
    return lambda context: _item(inner(context), name)


def _item(here: Any, name: str) -> Any:
    try:
        return here[name]
    except (KeyError, TypeError, IndexError) as error:
        raise ExpressionError(f"{name} is not defined") from error


def _junction(node: ast.BoolOp) -> Expression:
    parts = [_compiled(value) for value in node.values]
    stops_at = isinstance(node.op, ast.Or)

    def evaluate(context: Mapping[str, Any]) -> Any:
        for part in parts[:-1]:
            value = part(context)
            if bool(value) is stops_at:
                return value
        return parts[-1](context)

    return evaluate


def _negation(node: ast.UnaryOp) -> Expression:
    if not isinstance(node.op, ast.Not):
        raise _BeyondError
    inner = _compiled(node.operand)
    return lambda context: not inner(context)


def _choice(node: ast.IfExp) -> Expression:
    condition, then, otherwise = _compiled(node.test), _compiled(node.body), _compiled(node.orelse)
    return lambda context: then(context) if condition(context) else otherwise(context)


def _comparison(node: ast.Compare) -> Expression:
    compare = _COMPARISONS.get(type(node.ops[0]))
    if compare is None or len(node.ops) > 1:
        raise _BeyondError
    left, right = _compiled(node.left), _compiled(node.comparators[0])
    return lambda context: compare(left(context), right(context))


def _list(node: ast.List) -> Expression:
    items = [_compiled(item) for item in node.elts]
    return lambda context: [item(context) for item in items]


def _call(node: ast.Call) -> Expression:
    """`component.method(...)`. Methods of anything else are for the sandbox to judge."""
    function = node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name) or node.keywords:
        raise _BeyondError
    if function.value.id not in _OURS:
        raise _BeyondError
    method, arguments = _compiled(function), [_compiled(argument) for argument in node.args]
    return lambda context: method(context)(*(argument(context) for argument in arguments))


def _filtered(node: ast.BinOp) -> Expression:
    """`value | filter` or `value | filter(argument)`; both grammars bind it tighter than any comparison."""
    call = node.right if isinstance(node.right, ast.Call) else None
    name = call.func if call else node.right
    if not isinstance(node.op, ast.BitOr) or not isinstance(name, ast.Name) or name.id not in FILTERS:
        raise _BeyondError
    if call and call.keywords:
        raise _BeyondError
    apply, value = FILTERS[name.id], _compiled(node.left)
    arguments = [_compiled(argument) for argument in call.args] if call else []
    return lambda context: apply(value(context), *(argument(context) for argument in arguments))


_MAKERS: Mapping[type[ast.expr], Callable[[Any], Expression]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BoolOp: _junction,
    ast.UnaryOp: _negation,
    ast.IfExp: _choice,
    ast.Compare: _comparison,
    ast.List: _list,
    ast.Call: _call,
    ast.BinOp: _filtered,
}
