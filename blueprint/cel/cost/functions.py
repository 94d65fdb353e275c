"""The cost of function calls, in addition to that of their arguments, and the size of their results.

Follows k8s.io/apiserver 0.36, pkg/cel/library/cost.go, and cel-go 0.26: checker/cost.go, ext/lists.go, ext/sets.go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from blueprint.cel.cost.amounts import (
    ENDLESS,
    NEW_LIST,
    PER_CHARACTER,
    PER_REGEX_CHARACTER,
    UNBOUNDED,
    SizeRange,
    plus,
    scaled,
    times,
)
from blueprint.cel.cost.values import BOOL, BYTES, DYN, INT, QUANTITY, STRING, Estimate, Type

Arguments = Sequence[Estimate]
Call = Callable[[Arguments], Estimate]
"""The receiver of a method is its first argument. The cost of the result is only that of the call."""
_STRINGS = Type("list", STRING)
_LIBRARY_REGEX = 128
"""The length of the longest regular expression among Kubernetes' formats, in characters."""
_ADDRESSES = SizeRange(8, 32)
"""The size of two IP addresses that are compared, in bytes."""


def _fixed(type_: Type) -> Call:
    return lambda _: Estimate(1, type_)


def _reads(type_: Type, at: int = 0, *, per: float = PER_CHARACTER, same_size: bool = False) -> Call:
    """A call that reads one argument completely."""

    def call(args: Arguments) -> Estimate:
        """The estimate for one call with these arguments."""
        size = args[at].size
        return Estimate(scaled(size.most, per), type_, size if same_size else None)

    return call


def _matches(args: Arguments) -> Estimate:
    return Estimate(_regex_cost(args), BOOL)


def _regex_cost(args: Arguments) -> int:
    text = scaled(plus(args[0].size.most, 1), PER_CHARACTER)
    return times(text, scaled(args[1].size.most, PER_REGEX_CHARACTER))


def _find(type_: Type) -> Call:
    return lambda args: Estimate(_regex_cost(args), type_, SizeRange(0, args[0].size.most))


def _contains(args: Arguments) -> Estimate:
    text, wanted = (scaled(each.size.most, PER_CHARACTER) for each in args[:2])
    return Estimate(times(text, wanted), BOOL)


def _split(args: Arguments) -> Estimate:
    most = args[0].size.most
    limit = args[2].literal if len(args) > 2 else None  # noqa: PLR2004 - receiver, separator, limit
    size = SizeRange(0, limit if isinstance(limit, int) and limit >= 0 else most)
    return Estimate(scaled(most, 2 * PER_CHARACTER), _STRINGS, size)


def _replace(args: Arguments) -> Estimate:
    text, old, new = (each.size for each in args[:3])
    if old.least == 0:
        most = plus(times(plus(text.most, 1), new.most), text.most)
    elif new.most <= old.least:
        most = text.most
    else:
        most = times(math.ceil(text.most / old.least), new.most)
    return Estimate(scaled(text.most, 2 * PER_CHARACTER), STRING, SizeRange(0, most))


def _join(args: Arguments) -> Estimate:
    listed = args[0]
    pieces = _item_size(listed) if listed.type.of else SizeRange(0, 0)
    size = listed.size.times(pieces)
    if len(args) > 1:
        gaps = SizeRange(max(listed.size.least - 1, 0), max(listed.size.most - 1, 0))
        size = size.plus(args[1].size.times(gaps))
    return Estimate(scaled(size.most, PER_CHARACTER), STRING, size)


def _item_size(listed: Estimate) -> SizeRange:
    """The item size that a library function assumes. For lists that the expression itself creates, it is unknown."""
    below = listed.place.value if listed.place else None
    return SizeRange(0, below.size) if below else UNBOUNDED


def _traverses(type_: Type | None) -> Call:
    """A call that compares all items of a list, or reads a string. Without a type, the result is an item."""

    def call(args: Arguments) -> Estimate:
        """The estimate for one call with these arguments."""
        target = args[0]
        if target.type.of is None:
            return Estimate(scaled(target.size.most, PER_CHARACTER), type_ or DYN)
        each = 1
        if target.type.of.name in ("string", "bytes"):
            each = plus(1, scaled(_item_size(target).most, PER_CHARACTER))
        return Estimate(times(target.size.most, each), type_ or target.type.of)

    return call


def _new_list(size: SizeRange, factor: float, of: Type | None) -> Estimate:
    return Estimate(plus(scaled(size.most, factor), 1, NEW_LIST), Type("list", of or DYN), size)


def _sort(args: Arguments) -> Estimate:
    of = args[0].type.of
    texts = of is None or of.name in ("string", "bytes", "dyn")
    return _new_list(args[0].size.times(args[0].size), 2 + (PER_CHARACTER if texts else 0), of)


def _number(value: Estimate, otherwise: int) -> int:
    return value.literal if isinstance(value.literal, int) else otherwise


def _slice(args: Arguments) -> Estimate:
    number = max(_number(args[2], args[0].size.most) - _number(args[1], 0), 0)
    return _new_list(SizeRange(number, number), 1, args[0].type.of)


def _flatten(args: Arguments) -> Estimate:
    depth = _number(args[1], ENDLESS) if len(args) > 1 else 1
    inner = args[0].type.of
    return _new_list(args[0].size, depth, inner.of if inner and inner.of else DYN)


def _range(args: Arguments) -> Estimate:
    number = _number(args[0], ENDLESS)
    return _new_list(SizeRange(number, number), 1, INT)


def _sets(factor: int) -> Call:
    return lambda args: Estimate(plus(scaled(args[0].size.times(args[1].size).most, factor), 1), BOOL)


def _to_string(args: Arguments) -> Estimate:
    if args[0].type.name not in ("dyn", "bytes"):
        return Estimate(1, STRING)
    size = args[0].size
    return Estimate(max(1, scaled(size.most, PER_CHARACTER)), STRING, SizeRange(size.least // 4, size.most))


def _to_bytes(args: Arguments) -> Estimate:
    size = args[0].size
    return Estimate(scaled(size.most, PER_CHARACTER), BYTES, SizeRange(size.least, times(size.most, 4)))


def _quote(args: Arguments) -> Estimate:
    size = args[0].size
    longer = SizeRange(size.least + 2, plus(times(size.most, 2), 2))
    return Estimate(scaled(size.most, PER_CHARACTER), STRING, longer)


def _holds_address(*, network: bool) -> Call:
    """Whether a network contains an address or another network, which may be given as a string."""

    def call(args: Arguments) -> Estimate:
        """The estimate for one call with these arguments."""
        cost = scaled(_ADDRESSES.most, PER_CHARACTER)
        if network:
            cost += scaled(16, PER_CHARACTER) + 1
        if args[1].type.name in ("string", "dyn"):
            cost = plus(cost, scaled(args[1].size.most, PER_CHARACTER))
        return Estimate(cost, BOOL)

    return call


def _validate(args: Arguments) -> Estimate:
    read = scaled(args[1].size.most, PER_CHARACTER)
    return Estimate(scaled(read, _LIBRARY_REGEX * PER_REGEX_CHARACTER), Type("optional", _STRINGS))


def _of_optional(args: Arguments) -> Estimate:
    return Estimate(1, args[0].type.of or DYN)


def _dyn(args: Arguments) -> Estimate:
    return args[0]._replace(cost=1, type=DYN)


_COUNTS = "compareTo sign asInteger major minor patch prefixLength family size getDate getDayOfMonth getDayOfWeek"
_COUNTS += " getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds"
_TESTS = "isGreaterThan isLessThan isInteger hasValue isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast"
_TESTS += " isGlobalUnicast"
_TEXTS = "charAt getScheme getHostname getHost getPort getEscapedPath"

METHODS: Mapping[str, Call] = {
    **dict.fromkeys(_COUNTS.split(), _fixed(INT)),
    **dict.fromkeys(_TESTS.split(), _fixed(BOOL)),
    **dict.fromkeys(_TEXTS.split(), _fixed(STRING)),
    **dict.fromkeys(("startsWith", "endsWith"), _reads(BOOL, 1)),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _reads(STRING, same_size=True)),
    **dict.fromkeys(("indexOf", "lastIndexOf"), _traverses(INT)),
    **dict.fromkeys(("sum", "min", "max"), _traverses(None)),
    **dict.fromkeys(("add", "sub"), _fixed(QUANTITY)),
    "asApproximateFloat": _fixed(INT),
    "isSorted": _traverses(BOOL),
    "matches": _matches,
    "contains": _contains,
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find(STRING),
    "findAll": _find(_STRINGS),
    "format": _reads(STRING),
    "distinct": lambda args: _new_list(args[0].size.times(args[0].size), 2, args[0].type.of),
    "sort": _sort,
    "slice": _slice,
    "flatten": _flatten,
    "reverse": lambda args: _new_list(args[0].size, 1, args[0].type.of),
    "orValue": _of_optional,
    "value": _of_optional,
    "or": lambda args: Estimate(1, args[0].type),
    "ip": _fixed(Type("ip")),
    "masked": _fixed(Type("cidr")),
    "containsIP": _holds_address(network=False),
    "containsCIDR": _holds_address(network=True),
    "validate": _validate,
    "getQuery": _fixed(Type("map", _STRINGS, STRING)),
}
FUNCTIONS: Mapping[str, Call] = {
    **dict.fromkeys(("int", "uint", "double", "size"), _fixed(INT)),
    **dict.fromkeys(("duration", "timestamp"), _fixed(INT)),
    **dict.fromkeys(("isQuantity", "isSemver", "isIP", "isCIDR"), _reads(BOOL)),
    **dict.fromkeys(("bool", "isURL", "matches"), _fixed(BOOL)),
    **dict.fromkeys(("ip", "cidr"), _reads(Type("address"))),
    "quantity": _reads(QUANTITY),
    "semver": _reads(Type("semver")),
    "url": _reads(Type("url"), same_size=True),
    "sign": _fixed(INT),
    "string": _to_string,
    "bytes": _to_bytes,
    "dyn": _dyn,
    "type": _fixed(Type("type")),
    "ip.isCanonical": _reads(BOOL, per=2 * PER_CHARACTER),
    "strings.quote": _quote,
    "lists.range": _range,
    "sets.contains": _sets(1),
    "sets.intersects": _sets(1),
    "sets.equivalent": _sets(2),
    "optional.of": lambda args: Estimate(1, Type("optional", args[0].type)),
    "optional.ofNonZeroValue": lambda args: Estimate(1, Type("optional", args[0].type)),
    "optional.none": _fixed(Type("optional", DYN)),
    "format.named": _fixed(Type("optional", Type("format"))),
}
NAMESPACES = frozenset({"strings", "lists", "sets", "optional", "format", "ip", "cel"})
"""Namespaces of functions, which are not variables."""
FORMAT = _fixed(Type("format"))
"""`format.dns1123Label()` and similar."""


def compared(operator: str, left: Estimate, right: Estimate) -> int:
    """The cost of comparing two values."""
    if operator == "==" and left.type == right.type and left.type.name in ("quantity", "semver", "address"):
        return 1
    pieces = scaled(min(left.size.most, right.size.most), PER_CHARACTER)
    if operator in ("==", "!="):
        return pieces
    names = {left.type.name, right.type.name} - {"dyn"}
    if not names:
        return max(1, pieces)
    return pieces if names <= {"string", "bytes"} else 1


def added(left: Estimate, right: Estimate) -> Estimate:
    """`left + right`, without the cost of the operands."""
    names = {left.type.name, right.type.name} - {"dyn"}
    result = left.type if left.type.name != "dyn" else right.type
    if names and not names <= {"string", "bytes", "list"}:
        return Estimate(1, result if result.name in ("int", "duration", "timestamp") else INT)
    size = left.size.plus(right.size)
    if names == {"list"}:
        items = left.items.or_(right.items) if left.items else None
        return Estimate(1, result, size, items=items)
    return Estimate(max(0 if names else 1, scaled(size.most, PER_CHARACTER)), result, size)


def found_in(container: Estimate) -> int:
    """The cost of `in`."""
    if container.type.name == "map":
        return 1
    return container.size.most if container.type.name == "list" else max(1, container.size.most)
