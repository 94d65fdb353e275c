"""Estimates the cost of an expression, as the API server does when a claim or class is created.

Walks the tree with what is known about each value, and expands macros as cel-go does. Anything unknown has no estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from blueprint.cel.comprehensions import is_two_variable
from blueprint.cel.cost.amounts import NEW_LIST, NEW_MAP, NEW_STRUCT, ONE, SizeRange, plus, times
from blueprint.cel.cost.functions import FORMAT, FUNCTIONS, METHODS, NAMESPACES, added, compared, found_in
from blueprint.cel.cost.values import BOOL, BYTES, DEVICE, DYN, FIELDS, INT, STRING, Estimate, ItemSizes, Type
from blueprint.cel.syntax import CelExpression

LONGEST = 10 * 1024
"""The maximum length of a selector in characters."""
MOST = 1_000_000
"""The maximum estimated cost of a selector that the API server accepts."""
Scope = Mapping[str, Estimate]
_DEVICE_TYPE = Type("device")
_EMPTY = SizeRange(0, 0)
_BOOLEAN = {"all": 2, "exists": 3}
"""Loops that end early, and the cost of testing for it before each iteration."""
_ACCUMULATOR = 1
"""The cost of reading a loop's accumulator."""


class _NoEstimateError(Exception):
    """Something that the estimate does not support."""


def estimated_cost(tree: CelExpression) -> int | None:
    """Kubernetes 1.36's estimate for a selector; ENDLESS if it is unbounded, None if it is not supported here."""
    try:
        return _value(tree, {"device": Estimate(1, _DEVICE_TYPE, place=DEVICE)}).cost
    except _NoEstimateError:
        return None


def _value(node: CelExpression, scope: Scope) -> Estimate:
    read = _KINDS.get(node.kind)
    if read is None:
        raise _NoEstimateError
    return read(node, scope)


def _values(nodes: Sequence[CelExpression], scope: Scope) -> list[Estimate]:
    return [_value(node, scope) for node in nodes]


def _costs(values: Sequence[Estimate]) -> int:
    return plus(*(each.cost for each in values))


def _literal(node: CelExpression, _: Scope) -> Estimate:
    held = node.value
    if isinstance(held, str | bytes):
        return Estimate(0, STRING if isinstance(held, str) else BYTES, SizeRange(len(held), len(held)), literal=held)
    type_ = BOOL if isinstance(held, bool) else Type("null") if held is None else INT
    return Estimate(0, type_, ONE, literal=held)


def _name(node: CelExpression, scope: Scope) -> Estimate:
    if found := scope.get(str(node.value)):
        return found._replace(cost=1)
    return Estimate(1, Type("type"))  # `int` and similar: a program with any other name does not compile


def _select(node: CelExpression, scope: Scope) -> Estimate:
    of = _value(node.parts[0], scope)
    if node.optional:
        return Estimate(plus(of.cost, 1), Type("optional", _below(of.type)))
    place = of.place.field(node.value) if of.place else None
    if of.type == _DEVICE_TYPE:
        return Estimate(plus(of.cost, 1), FIELDS.get(node.value, DYN), place=place)
    step = 1 if of.type.name == "map" else 0
    return Estimate(plus(of.cost, step), _below(of.type), place=place)


def _below(type_: Type) -> Type:
    """The type of the contents of a list, map or optional."""
    return (_below(type_.of) if type_.name == "optional" and type_.of else type_.of) or DYN


def _index(node: CelExpression, scope: Scope) -> Estimate:
    of, key = _values(node.parts, scope)
    cost = plus(of.cost, key.cost, 1)
    if node.optional:
        return Estimate(cost, Type("optional", _below(of.type)))
    place = of.place.value if of.place and of.type.name in ("map", "list", "dyn") else None
    return Estimate(cost, _below(of.type), of.items.value if of.items else None, place)


def _unary(node: CelExpression, scope: Scope) -> Estimate:
    [inner] = node.parts
    if inner.kind == "unary" and inner.value == node.value and inner.start == node.start:
        return _value(inner.parts[0], scope)  # The parser drops pairs of them, unless they are separated by brackets.
    held = _value(inner, scope)
    if node.value == "-" and held.literal is not None:
        return held
    return Estimate(plus(held.cost, 1), BOOL if node.value == "!" else held.type)


def _binary(node: CelExpression, scope: Scope) -> Estimate:
    parts = _values(node.parts, scope)
    costs = _costs(parts)
    if node.value in ("&&", "||"):
        return Estimate(costs, BOOL)
    left, right = parts
    if node.value == "+":
        result = added(left, right)
        return result._replace(cost=plus(costs, result.cost))
    if node.value == "in":
        return Estimate(plus(costs, found_in(right)), BOOL)
    if node.value in ("-", "*", "/", "%"):
        return Estimate(plus(costs, 1), left.type if left.type != DYN else right.type)
    return Estimate(plus(costs, compared(node.value, left, right)), BOOL)


def _choice(node: CelExpression, scope: Scope) -> Estimate:
    condition, then, other = _values(node.parts, scope)
    return _either(condition.cost, then, other)


def _either(condition: int, then: Estimate, other: Estimate) -> Estimate:
    type_ = then.type if then.type == other.type else DYN
    items = then.items.or_(other.items) if then.items else None
    return Estimate(plus(condition, max(then.cost, other.cost)), type_, then.size.or_(other.size), items=items)


def _list(node: CelExpression, scope: Scope) -> Estimate:
    items = _values(_plain(node), scope)
    size = SizeRange(len(items), len(items))
    held = ItemSizes(ONE, _sizes(items))
    return Estimate(plus(NEW_LIST, _costs(items)), Type("list", _common(items)), size, items=held)


def _plain(node: CelExpression) -> Sequence[CelExpression]:
    if any(part.kind == "optional" for part in node.parts):
        raise _NoEstimateError
    return node.parts


def _sizes(values: Sequence[Estimate]) -> SizeRange:
    found = values[0].size if values else _EMPTY
    for each in values[1:]:
        found = found.or_(each.size)
    return found


def _common(values: Sequence[Estimate]) -> Type:
    types = {each.type for each in values}
    return types.pop() if len(types) == 1 else DYN


def _map(node: CelExpression, scope: Scope) -> Estimate:
    parts = _values(_plain(node), scope)
    keys, values = parts[::2], parts[1::2]
    size = SizeRange(len(keys), len(keys))
    type_ = Type("map", _common(values), _common(keys))
    return Estimate(plus(NEW_MAP, _costs(parts)), type_, size, items=ItemSizes(_sizes(keys), _sizes(values)))


def _struct(node: CelExpression, scope: Scope) -> Estimate:
    parts = _values(_plain(node)[1::2], scope)
    return Estimate(plus(NEW_STRUCT, _costs(parts)), Type(str(node.value)))


def _call(node: CelExpression, scope: Scope) -> Estimate:
    name, parts, method = str(node.value), node.parts, node.method
    if name == "has" and not method:
        [selected] = parts
        return Estimate(_value(selected.parts[0], scope).cost, BOOL)
    if method and parts[0].kind == "name" and parts[0].value in NAMESPACES - scope.keys():
        name, parts, method = f"{parts[0].value}.{name}", parts[1:], False
    if name == "cel.bind":
        return _bind(_value(parts[1], scope), str(parts[0].value), parts[2], scope)
    if method and (macro := _MACROS.get(name)) and (is_two_variable(node) or len(parts) in (3, 4)):
        return macro(node, scope)
    table = METHODS if method else FUNCTIONS
    call = table.get(name) or (FORMAT if name.startswith("format.") else None)
    if call is None:
        raise _NoEstimateError
    arguments = _values(parts, scope)
    result = call(arguments)
    return result._replace(cost=plus(result.cost, _costs(arguments)))


def _bind(held: Estimate, name: str, inner: CelExpression, scope: Scope) -> Estimate:
    result = _value(inner, {**scope, name: held})
    return result._replace(cost=plus(NEW_LIST, held.cost, result.cost))


class _Loop:
    """A macro over items of a list or entries of a map: `of.macro(x, PARTS)` or `of.macro(k, v, PARTS)`."""

    def __init__(self, node: CelExpression, scope: Scope) -> None:
        self.range = _value(node.parts[0], scope)
        named = 2 if is_two_variable(node) else 1
        variables = self._keyed() if named > 1 else self._single()
        names = (str(part.value) for part in node.parts[1 : named + 1])
        inner = {**scope, **dict(zip(names, variables, strict=False))}
        self.item = variables[0]
        self.parts = _values(node.parts[named + 1 :], inner)

    def _single(self) -> tuple[Estimate]:
        """The variable of each iteration: an item of a list, or a key of a map."""
        return (self._held(),) if self.range.type.name == "list" else (self._key(),)

    def _keyed(self) -> tuple[Estimate, Estimate]:
        """Key and value. cel-go keeps the paths of both in one array, so a key of an inner map is treated like its
        values.
        """
        held, place = self._held(), self.range.place
        if self.range.type.name == "list":
            return Estimate(1, INT), held
        inner = place and place.value and not place.value.value
        return (self._key()._replace(place=held.place) if inner else self._key()), held

    def _key(self) -> Estimate:
        place = self.range.place.key if self.range.place else None
        known = self.range.items.key if self.range.items else None
        return Estimate(1, self.range.type.key or DYN, known, place)

    def _held(self) -> Estimate:
        place = self.range.place.value if self.range.place else None
        known = self.range.items.value if self.range.items else None
        return Estimate(1, _below(self.range.type), known, place)

    def result(self, first: int, step: int, last: int, type_: Type, items: ItemSizes | None = None) -> Estimate:
        """The result of the loop. It costs `first`, `step` for each iteration, and `last`."""
        cost = plus(self.range.cost, first, times(self.range.size.most, step), last)
        return Estimate(cost, type_, ONE if type_.scalar else self.range.size, items=items)


def _ends_early(node: CelExpression, scope: Scope) -> Estimate:
    loop = _Loop(node, scope)
    step = plus(_BOOLEAN[node.value], _ACCUMULATOR, loop.parts[0].cost)
    return loop.result(0, step, _ACCUMULATOR, BOOL)


def _exists_one(node: CelExpression, scope: Scope) -> Estimate:
    loop = _Loop(node, scope)
    return loop.result(0, plus(loop.parts[0].cost, _ACCUMULATOR + 1), _ACCUMULATOR + 1, BOOL)


def _collected(loop: _Loop, each: Estimate, condition: int) -> Estimate:
    """A list of the results of all iterations."""
    step = plus(condition, _ACCUMULATOR, 1, NEW_LIST, each.cost)
    items = ItemSizes(ONE, each.size.or_(_EMPTY))
    return loop.result(NEW_LIST, step, _ACCUMULATOR, Type("list", each.type), items)


def _filter(node: CelExpression, scope: Scope) -> Estimate:
    loop = _Loop(node, scope)
    return _collected(loop, loop.item, loop.parts[0].cost)


def _transform(node: CelExpression, scope: Scope) -> Estimate:
    loop = _Loop(node, scope)
    return _collected(loop, loop.parts[-1], _costs(loop.parts[:-1]))


def _transform_map(node: CelExpression, scope: Scope) -> Estimate:
    loop = _Loop(node, scope)
    key = 1 if node.value == "transformMap" else 0
    step = plus(1, _ACCUMULATOR, key, _costs(loop.parts))
    return loop.result(NEW_MAP, step, _ACCUMULATOR, Type("map", loop.parts[-1].type, loop.item.type))


def _optional_map(node: CelExpression, scope: Scope) -> Estimate:
    """`x.optMap(v, P)`: tests for a value, and binds it to its name."""
    of = _value(node.parts[0], scope)
    held = Estimate(plus(of.cost, 1), _below(of.type))
    bound = _bind(held, str(node.parts[1].value), node.parts[2], scope)
    if node.value == "optMap":
        bound = Estimate(plus(1, bound.cost), Type("optional", bound.type))
    return _either(plus(of.cost, 1), bound, Estimate(1, bound.type))


_MACROS = {
    **dict.fromkeys(_BOOLEAN, _ends_early),
    **dict.fromkeys(("exists_one", "existsOne"), _exists_one),
    **dict.fromkeys(("map", "transformList"), _transform),
    **dict.fromkeys(("transformMap", "transformMapEntry"), _transform_map),
    **dict.fromkeys(("optMap", "optFlatMap"), _optional_map),
    "filter": _filter,
}
_KINDS: Mapping[str, Callable[[CelExpression, Scope], Estimate]] = {
    "literal": _literal,
    "name": _name,
    "select": _select,
    "index": _index,
    "call": _call,
    "unary": _unary,
    "binary": _binary,
    "choice": _choice,
    "list": _list,
    "map": _map,
    "struct": _struct,
}
