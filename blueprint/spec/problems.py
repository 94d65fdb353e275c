"""Converts one pydantic error to one diagnostic: its location, what was expected there, and the solution."""

import re
import types
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from blueprint.diagnostics import Diagnostic, Fix, Note, Span, nearest
from blueprint.records import replace
from blueprint.source.merge import Node
from blueprint.source.paths import Path, format_path
from blueprint.source.scalars import boolean_word, resolve
from blueprint.source.setting import SET_FILE
from blueprint.source.yaml_writer import inline
from blueprint.spec import codes
from blueprint.spec.base import Model
from blueprint.spec.forms import FORMS
from blueprint.spec.model import Blueprint
from blueprint.wording import counted, value_in_words

_TYPES = {
    "string_type": "text", "int_type": "a whole number", "bool_type": "true or false", "dict_type": "a mapping",
    "model_type": "a mapping", "tuple_type": "a list", "int_from_float": "a whole number",
    "float_type": "a number",
}  # fmt: skip
_MOST_HOMES, _DEEPEST = 2, 8
"""The maximum number of locations suggested for a key that belongs elsewhere, and the maximum length of their paths."""
_SCALARS = {"int_type": (int,), "bool_type": (bool,), "float_type": (int, float)}
"""Types that a quoted string may have been meant as."""
_LENGTHS = {
    "string_too_short": ("too short: it must have at least", "min_length"),
    "string_too_long": ("too long: it must have at most", "max_length"),
}
_RANGES = {
    "greater_than": "be more than {gt:g}", "greater_than_equal": "be at least {ge}",
    "less_than_equal": "be at most {le}",
    "too_short": "have {min_length} or more entries", "too_long": "have at most {max_length} entries",
}  # fmt: skip


def diagnostics_of(problem: Any, root: Node, model: type[Model]) -> Iterator[Diagnostic]:
    """The diagnostics for pydantic's error `problem` in the document `root`, read as `model`."""
    path, owner = _resolve(tuple(problem["loc"]), root, model)
    kind = problem["type"]
    if kind == "extra_forbidden":
        yield _unknown_key(path, root, owner)
    elif kind == "missing":
        yield _missing_key(path, root, owner)
    else:
        yield _wrong_value(problem, path, root, owner)


def _resolve(location: tuple[str | int, ...], root: Node, model: type[Model]) -> tuple[Path, type[BaseModel] | None]:
    """The path in the document for pydantic's location, and the model that contains the last key which is not an index.

    pydantic adds `[key]` for an invalid map key and type names inside unions; steps that are not in the document are
    dropped, except for the last one of a missing key.
    """
    path: list[str | int] = []
    here: Any = model
    owner: type[BaseModel] | None = None
    for step in location:
        node = root.get(tuple(path))
        children = node.value if node else None
        there = (isinstance(children, dict) and step in children) or (
            isinstance(children, list) and isinstance(step, int)
        )
        field = _field(here, step)
        if not there and (field is None or step == "[key]"):
            continue
        if not there and isinstance(children, int):
            continue
        path.append(step)
        if isinstance(here, type) and issubclass(here, BaseModel):
            owner = here
        elif not isinstance(step, int):
            owner = None
        here = field
    return tuple(path), owner


def _field(annotation: Any, step: str | int) -> Any:
    """The type of the value at `step` inside a value of type `annotation`, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for info in annotation.model_fields.values():
            if info.alias == step:
                return _bare(info.annotation)
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and arguments:
        return _bare(arguments[1])
    if get_origin(annotation) is tuple and arguments:
        return _bare(arguments[0])
    return None


def _bare(annotation: Any) -> Any:
    """The annotation without Optional and Annotated."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [argument for argument in get_args(annotation) if argument is not type(None)]
        return _bare(members[0]) if len(members) == 1 else annotation
    return _bare(annotation.__origin__) if hasattr(annotation, "__metadata__") else annotation


def _unknown_key(path: Path, root: Node, owner: type[BaseModel] | None) -> Diagnostic:
    node = root.get(path)
    at = (node.key_span or node.span) if node else root.span
    key = str(path[-1])
    name = format_path(path)
    allowed = sorted(info.alias or "" for info in owner.model_fields.values()) if owner else []
    if owner and issubclass(owner, Model) and key in owner.NOT_YET:
        message = f"{name} is not supported in this version yet"
        return Diagnostic(codes.NOT_YET, message, at=at, path=name, help=owner.NOT_YET[key])
    is_set = at.file == SET_FILE
    there = () if is_set else _keys_beside(path, root)  # `--set` refers to an existing one
    near = nearest(key, [name for name in [*allowed, *_not_yet(owner)] if name not in there])
    instead = f"did you mean {format_path((*path[:-1], near))}? " if near and is_set else ""
    return Diagnostic(
        codes.UNKNOWN_KEY,
        f"unknown key {key} in {format_path(path[:-1]) or 'the document'}",
        at=at,
        path=name,
        help=_instead_of_key(key, owner)
        or instead + (f"allowed keys: {', '.join(allowed)}" if allowed else "")
        or None,
        fix=Fix(at, near) if near and not is_set else None,
        notes=_elsewhere(key, near),
    )


def _keys_beside(path: Path, root: Node) -> Iterable[str]:
    """The keys that the mapping already has, none of which can be the intended one."""
    above = root.get(path[:-1])
    return above.value.keys() if above and isinstance(above.value, dict) else ()


def _instead_of_key(key: str, owner: type[BaseModel] | None) -> str | None:
    return owner.ELSEWHERE.get(key) if owner and issubclass(owner, Model) else None


def _not_yet(owner: type[BaseModel] | None) -> Iterable[str]:
    return owner.NOT_YET if owner and issubclass(owner, Model) else ()


def _elsewhere(key: str, near: str | None) -> tuple[Note, ...]:
    """Notes about where a key belongs that is valid elsewhere."""
    if near is not None:
        return ()
    homes = sorted(dict.fromkeys(_paths_of(Blueprint, key, ())))[:_MOST_HOMES]
    return (Note(f"{key} is a key of {' and '.join(homes)}"),) if homes else ()


def _paths_of(model: type[BaseModel], key: str, above: tuple[str, ...]) -> Iterator[str]:
    """The paths of mappings in a blueprint with this key, in readable form: `spec.nodePools.*`."""
    for name, info in model.model_fields.items():
        if (info.alias or name) == key:
            yield ".".join(above) or "the document"
        for below, steps in _models_in(info.annotation):
            if len(above) < _DEEPEST:
                yield from _paths_of(below, key, (*above, info.alias or name, *steps))


def _models_in(annotation: Any) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    """The models in an annotation, and the steps to them: `*` for the names of a mapping, none for a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ()
        return
    is_mapping = get_origin(annotation) is dict
    for part in get_args(annotation):
        yield from ((model, ("*", *steps) if is_mapping else steps) for model, steps in _models_in(part))


def _missing_key(path: Path, root: Node, owner: type[BaseModel] | None) -> Diagnostic:
    parent, where = root.nearest(path[:-1])
    name = format_path(path)
    message = f"{format_path(where) or 'the document'} lacks the key {path[-1]}"
    at = parent.key_span or parent.span.head
    return Diagnostic(codes.MISSING_KEY, message, at=at, path=name, help=_wanted(str(path[-1]), owner))


def _wanted(key: str, owner: type[BaseModel] | None) -> str | None:
    """The expected content of a missing key."""
    if allowed := _literals(owner, key):
        return f"write {key}: {' or '.join(allowed)}"
    fields = owner.model_fields.values() if owner else ()
    info = next((each for each in fields if each.alias == key and each.description), None)
    if info is None:
        return None
    example = f" Example: {key}: {inline(info.examples[0])}" if info.examples else ""
    return f"{key}: {info.description}{example}"


def _wrong_value(problem: Any, path: Path, root: Node, owner: type[BaseModel] | None) -> Diagnostic:
    node, where = root.nearest(path)
    name = format_path(path)
    is_key = problem["loc"][-1] == "[key]"
    at = (node.key_span or node.span) if is_key else node.span.head
    value = path[-1] if is_key else _value_text(node)
    what = f"the key {value} of {format_path(path[:-1])}" if is_key else f"{name}: {value}"
    found = Diagnostic(codes.MALFORMED, f"{what} is not valid", at=at, path=name, notes=_history(node))
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _TYPES:
        found_here = value if is_key else value_in_words(node.value)
        message = f"{name} must be {_form(owner, where).FORM or _TYPES[kind]}, not {found_here}"
        return replace(found, code=codes.WRONG_TYPE, message=message, **_other_type(kind, node, at, owner, where))
    if kind == "literal_error":
        return _not_allowed(found, name, node, owner, path, re.findall(r"'([^']*)'", context["expected"]))
    if kind in _RANGES:
        limit = f"it must {_RANGES[kind].format(**context)}"
        help_ = _wanted(str(where[-1]), owner) if isinstance(node.value, dict) else None
        return replace(found, code=codes.OUT_OF_RANGE, message=f"{what} is out of range: {limit}", help=help_)
    if kind in _LENGTHS:
        words, limit = _LENGTHS[kind]
        message = f"{what} is {words} {counted(context[limit], 'character')}"
        return replace(found, code=codes.OUT_OF_RANGE, message=message)
    if kind == "value_error":
        return replace(found, code=codes.INCONSISTENT, message=f"{name}: {context.get('error', problem['msg'])}")
    help_ = (
        f"the format is {FORMS[context['pattern']]}" if context.get("pattern") in FORMS else _lowered(problem["msg"])
    )
    found = replace(found, message=f"{what} does not have the right format", help=help_)
    return _of_other_form(found, node, owner, where)


def _of_other_form(found: Diagnostic, node: Node, owner: type[BaseModel] | None, where: Path) -> Diagnostic:
    """With the replacement of a value that users often write, where the text is not of the field's form."""
    forms = owner.OTHER_FORMS.get(str(where[-1]), ()) if owner and issubclass(owner, Model) else ()
    for pattern, instead, advice in forms if isinstance(node.value, str) else ():
        if (match := re.fullmatch(pattern, node.value, re.IGNORECASE)) and found.at:
            fix = Fix(found.at, inline(match.expand(instead).casefold())) if instead else found.fix
            return replace(found, help=advice or found.help, fix=fix)
    return found


def _other_type(kind: str, node: Node, at: Span, owner: type[BaseModel] | None, where: Path) -> dict[str, Any]:
    """The solution for a wrong type: adding or removing quotes, or a description of the field."""
    if kind == "string_type" and not isinstance(node.value, dict | list):
        written = _plain_word(node.value)
        if (pattern := _text_form(owner, where)) and not re.search(pattern, written):
            return {"help": f"the format is {FORMS[pattern]}" if pattern in FORMS else _wanted(str(where[-1]), owner)}
        return {"help": "quote it", "fix": None if isinstance(node.value, float) else Fix(at, f'"{written}"')}
    if kind == "bool_type" and isinstance(node.value, str) and (word := boolean_word(node.value)):
        return {"help": "write it without quotes" if word == node.value else None, "fix": Fix(at, word)}
    form = _form(owner, where)
    if isinstance(node.value, list) and form.NO_LIST:
        return {"help": form.NO_LIST}
    number = form.FORM is not None and type(resolve(node.value)) is int if isinstance(node.value, str) else False
    if isinstance(node.value, str) and (number or type(resolve(node.value)) in _SCALARS.get(kind, ())):
        return {"help": "write it without quotes", "fix": Fix(at, node.value)}
    return {"help": _wanted(str(where[-1]), owner) if where else None}


def _text_form(owner: type[BaseModel] | None, where: Path) -> str | None:
    """The regular expression of a string field."""
    info = (
        next((each for each in owner.model_fields.values() if where and each.alias == where[-1]), None)
        if owner
        else None
    )
    found = [*_patterns(info.annotation), *(getattr(each, "pattern", None) for each in info.metadata)] if info else []
    return next((each for each in found if each), None)


def _patterns(annotation: Any) -> Iterator[str | None]:
    for each in getattr(annotation, "__metadata__", ()):
        yield getattr(each, "pattern", None)
        yield from (getattr(inner, "pattern", None) for inner in getattr(each, "metadata", ()))
    for part in get_args(annotation):
        yield from _patterns(part)


def _form(owner: type[BaseModel] | None, where: Path) -> type[Model]:
    """The model of a value, or a plain one if it has none."""
    found = _field(owner, where[-1]) if where else None
    return found if isinstance(found, type) and issubclass(found, Model) else Model


def _value_text(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if isinstance(node.value, str) and not isinstance(resolve(node.value), str):
        return f'the string "{node.value}"'
    return f"the number {node.value}" if type(node.value) in (int, float) else _plain_word(node.value)


def _plain_word(value: Any) -> str:
    return (
        {True: "true", False: "false", None: "nothing"}.get(value, str(value))
        if not isinstance(value, str)
        else value or '""'
    )


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _history(node: Node) -> tuple[Note, ...]:
    """Notes about the values that the value replaced, layer by layer."""
    notes: list[Note] = []
    below = node.replaced
    while below is not None and len(notes) < 3:  # noqa: PLR2004 - a longer history hides more than it tells
        notes.append(Note(f"replaces the value of {below.layer.name}", below.span))
        below = below.replaced
    return tuple(notes)


def _not_allowed(
    found: Diagnostic, name: str, node: Node, owner: type[BaseModel] | None, where: Path, expected: list[str]
) -> Diagnostic:
    key = str(next(step for step in reversed(where) if isinstance(step, str)))
    allowed = _literals(owner, key) or expected  # a mapping with free keys has no field with that name
    if name in ("apiVersion", "kind"):
        message = f"{name} must be {' or '.join(allowed)}, not {_value_text(node)}"
        return replace(found, code=codes.WRONG_DOCUMENT, message=message)
    if owner and issubclass(owner, Model) and node.value in owner.NOT_YET_VALUES.get(key, ()):
        return replace(found, code=codes.NOT_YET, message=f"{name}: {node.value} is not supported in this version yet",
                       help=f"allowed values: {', '.join(allowed)}")  # fmt: skip
    near, help_ = nearest(str(node.value), allowed), f"allowed values: {', '.join(allowed)}"
    others = owner.OTHER_VALUES.get(key, {}) if owner and issubclass(owner, Model) else {}
    if other := others.get(str(node.value).casefold()):
        near, help_ = other
    return replace(
        found,
        code=codes.NOT_ALLOWED,
        message=f"{name} cannot be {_value_text(node)}",
        help=help_,
        fix=Fix(found.at, near) if near and found.at else None,
    )


def _literals(owner: type[BaseModel] | None, key: str) -> list[str]:
    if owner is None:
        return []
    for info in owner.model_fields.values():
        bare = _bare(info.annotation)
        one = get_args(bare)[0] if get_origin(bare) is tuple else bare
        if info.alias == key and get_origin(one) is Literal:
            return [str(value) for value in get_args(one)]
    return []
