"""`dataclass`, for classes that are frozen and slotted: the same classes as the standard library's, made in a quarter
of its time, of which a compile of 150 such classes spent a fifth.

The standard library writes and compiles six functions for each class. Only `__init__` differs enough to need that;
the others are written once here. What is not plainly frozen and slotted is left to the standard library.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError, field
from inspect import get_annotations
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As `dataclasses.dataclass`."""
        slow = dataclasses.dataclass(**options)
        if cls is not None or {**options, "kw_only": True} != {"frozen": True, "slots": True, "kw_only": True}:
            return slow(cls) if cls is not None else slow
        named = options.get("kw_only", False)
        return lambda made: (_is_plain(made) and _record(made, named=named)) or slow(made)


_SPECIAL = ("ClassVar", "InitVar", "KW_ONLY")
_IS_FIELD = dataclasses._FIELD  # type: ignore[attr-defined] # noqa: SLF001 - what fields(), replace() and asdict() look for


def _is_plain(cls: type) -> bool:
    """Whether nothing asks for more than is done here: a dataclass of another make above, or fields that are none."""
    inherits = any(hasattr(base, "__dataclass_fields__") != hasattr(base, "_compared") for base in cls.__mro__[1:])
    notes = get_annotations(cls).values()
    special = any(word in note for note in map(str, notes) for word in _SPECIAL)
    return not (inherits or special or hasattr(cls, "__post_init__") or not notes)


def _record(cls: type, *, named: bool) -> type | None:
    """The class; None if a field asks for more than is done here."""
    own = {name: _field(cls, name, note, named=named) for name, note in get_annotations(cls).items()}
    fields: dict[str, Field[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= getattr(base, "__dataclass_fields__", {})
    fields |= own
    if any(not each.init or each.kw_only is not named or each.hash is not None for each in fields.values()):
        return None
    body = {key: value for key, value in cls.__dict__.items() if key not in {*own, "__dict__", "__weakref__"}}
    compared = [name for name, each in fields.items() if each.compare]
    body |= {
        "__slots__": tuple(own),
        "__match_args__": () if named else tuple(fields),
        "__dataclass_fields__": fields,
        "__dataclass_params__": _PARAMETERS,
        "_compared": staticmethod(attrgetter(*compared) if compared else _nothing),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
        "__init__": _init(cls, fields, named=named),
    }
    for name, shared in {"__repr__": _repr, "__eq__": _equal}.items():
        body.setdefault(name, shared)
    if cls.__dict__.get("__hash__") is None:
        body["__hash__"] = _hash
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _field(cls: type, name: str, note: Any, *, named: bool) -> Field[Any]:
    said = cls.__dict__.get(name, MISSING)
    made: Any = said if isinstance(said, Field) else field(default=said)
    made.name, made.type, made._field_type = name, note, _IS_FIELD  # noqa: SLF001
    made.kw_only = named if made.kw_only is MISSING else made.kw_only
    return made  # type: ignore[no-any-return]


def _init(cls: type, fields: dict[str, Field[Any]], *, named: bool) -> Any:
    """The one function that is compiled."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    parameters, lines = ["*"] if named and fields else [], []
    for name, each in fields.items():
        value = name
        if each.default is not MISSING:
            known[f"_default_{name}"] = each.default
            parameters.append(f"{name}=_default_{name}")
        elif each.default_factory is not MISSING:
            known[f"_make_{name}"] = each.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        else:
            parameters.append(name)
        lines.append(f" _set(self, {name!r}, {value})")
    exec(f"def __init__(self, {', '.join(parameters)}):\n" + "\n".join(lines), known)  # noqa: S102 - as dataclasses does
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _nothing(_self: Any) -> tuple[()]:
    return ()


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, each in self.__dataclass_fields__.items() if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self is other or self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _refuse_to_set(_self: Any, name: str, _value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)


@dataclasses.dataclass(frozen=True, slots=True)
class _Example:
    """Has the parameters that all classes made here have."""


_PARAMETERS = _Example.__dataclass_params__  # type: ignore[attr-defined]
