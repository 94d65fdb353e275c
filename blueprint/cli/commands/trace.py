"""Follow a value along the thread.

blueprint trace TARGET KIND/[NAMESPACE/]NAME [FIELD]   where a rendered field comes from
blueprint trace TARGET spec.nodePools.train.gpu.count  what a line of the blueprint decides
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from blueprint.bundle import codes
from blueprint.bundle.model import Bundle, Object
from blueprint.bundle.trace import TracedFact, TracedField, trace_back, trace_forward
from blueprint.cli.options import add_report, add_target, compile_target, is_bundle, load_bundle
from blueprint.diagnostics import Diagnostic, Note, Refused, Span, nearest
from blueprint.platform.tracking.sources import WRITTEN, Source
from blueprint.report.model import Run
from blueprint.source.paths import parse_path

if TYPE_CHECKING:
    from blueprint.source.merge import Node

HELP = "follow a rendered field to its line, or a line to what it decides"
MOST_IN_FULL = 3
"""Fields that are told one by one, with their lines; more of them become a table."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser)
    parser.add_argument(
        "what", metavar="OBJECT|PATH", help="KIND/[NAMESPACE/]NAME, or a path of the blueprint (spec...)"
    )
    parser.add_argument("field", metavar="FIELD", nargs="?", help="a field of the object, or a whole part of it")
    parser.add_argument("--all", action="store_true", help="name every default that took part, too")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Answer with notes that point at the lines."""
    bundle, root, texts = _load(options)
    if options.what.split(".")[0] in ("spec", "metadata") and "/" not in options.what.split("[")[0]:
        found = list(_forward(bundle, options.what))
    else:
        found = list(_back(_object(bundle, options.what), options.field, root, all_=options.all))
    asked = f"{options.what} {options.field or ''}".strip()
    return Run(
        "trace",
        f"trace {asked} in {bundle.name}",
        diagnostics=tuple(found),
        subject={"blueprint": bundle.name, "version": bundle.version, "digest": bundle.digest},
        verdict=f"{len(found)} answer{'' if len(found) == 1 else 's'}",
        texts=texts,
    )


def _load(options: Namespace) -> tuple[Bundle, Node | None, Mapping[str, str]]:
    if is_bundle(options.target):
        bundle = load_bundle(options)
        return bundle, None, bundle.texts
    compilation = compile_target(options)
    return compilation.valid_bundle(), compilation.layered.root, compilation.layered.texts


def _object(bundle: Bundle, name: str) -> Object:
    matches = [obj for obj in bundle.objects if name.lower() in _names(obj)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise _unknown(f"{name} is in several namespaces", "say which: KIND/NAMESPACE/NAME")
    near = nearest(name, [known for obj in bundle.objects for known in (str(obj.id), f"{obj.id.kind}/{obj.id.name}")])
    raise _unknown(
        f"nothing rendered is called {name}", f"did you mean {near}?" if near else "write KIND/[NAMESPACE/]NAME"
    )


def _names(obj: Object) -> set[str]:
    return {str(obj.id).lower(), f"{obj.id.kind}/{obj.id.name}".lower()}


def _unknown(message: str, help_: str) -> Refused:
    return Refused(Diagnostic(codes.NOT_RENDERED, message, help=help_))


def _back(obj: Object, field: str | None, root: Node | None, *, all_: bool) -> Iterator[Diagnostic]:
    try:
        path = parse_path(field, obj.data) if field else ()
        fields = trace_back(obj, path)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise _no_field(obj, field or "") from error
    if len(fields) <= MOST_IN_FULL and field:
        yield from (_in_full(each, root, all_=all_) for each in fields)
    else:
        yield _table(obj, field, fields)


def _no_field(obj: Object, field: str) -> Refused:
    known = [each.name for each in trace_back(obj, ())]
    near = nearest(field, known)
    return _unknown(
        f"{obj.id} has no field {field}", f"did you mean {near}?" if near else "trace the object without a field"
    )


def _in_full(field: TracedField, root: Node | None, *, all_: bool) -> Diagnostic:
    written = [source for source in field.own if source.layer in WRITTEN]
    first = next(iter(field.own), None)
    return Diagnostic(
        codes.FIELD_ORIGIN,
        f"{field.object.id} {field.name} is {json.dumps(field.value, ensure_ascii=False)}",
        at=first.span if first else field.origin.template,
        label=_label(first) if first else "a constant of the template",
        notes=tuple(_notes(field, first, root, all_=all_)),
        subject=str(field.object.id),
        path=field.name,
        evidence=(
            ("component", field.object.component),
            ("decided by", ", ".join(s.path for s in written) or "nothing written"),
        ),
    )


def _label(source: Source) -> str:
    return f"{source.path} (default)" if source.layer == "default" else f"{source.path} set here"


def _notes(field: TracedField, first: Source | None, root: Node | None, *, all_: bool) -> Iterator[Note]:
    if first and root:
        yield from _replaced(first, root)
    rest = field.own[1:]
    defaults = [source for source in rest if source.layer == "default"]
    for source in rest if all_ or len(defaults) == 1 else [each for each in rest if each.layer != "default"]:
        yield Note(f"{source.layer}: {_label(source)}", source.span)
    if first:
        yield Note(f"rendered by this template of {field.object.component}", field.origin.template)
    if len(defaults) > 1 and not all_:
        yield Note(f"and {len(defaults)} defaults; --all names them")


def _replaced(source: Source, root: Node) -> Iterator[Note]:
    """What lower layers had said where the value was set."""
    try:
        node = root.get(parse_path(source.path))
    except ValueError:
        return
    below = node.replaced if node else None
    while below is not None:
        yield Note(f"replaces the value of {below.layer.name}", below.span)
        below = below.replaced


def _table(obj: Object, field: str | None, fields: Iterable[TracedField]) -> Diagnostic:
    origin = obj.origin(()) or next(iter(fields)).origin
    decided = [each for each in fields if any(source.layer in (*WRITTEN, "default") for source in each.own)]
    return Diagnostic(
        codes.FIELD_ORIGIN,
        f"{obj.id} {field or ''}: {_fields(len(decided))} from the blueprint".replace(" :", ":"),
        at=origin.template,
        label=f"rendered by this template of {obj.component}",
        subject=str(obj.id),
        path=field,
        evidence=tuple((each.name, _row(each)) for each in decided),
        help="name one field to see its lines",
    )


def _row(field: TracedField) -> str:
    """The value, the line that is it, and the blueprint's line that chose it where that is another one."""
    first = field.own[0]
    chose = next(source for source in field.own if source.layer in (*WRITTEN, "default"))
    said = f"{json.dumps(field.value, ensure_ascii=False)}  from {first.span} ({_label(first)})"
    return said if chose is first else f"{said}, chosen at {chose.span} ({_label(chose)})"


def _deciding(bundle: Bundle) -> set[str]:
    """The paths of the blueprint that something follows from, and those above them."""
    origins = (origin for obj in bundle.objects for origin in obj.origins.values())
    sources = {*chain.from_iterable(origin.sources for origin in origins)}
    sources |= {each for pool in bundle.pools for found in pool.sources.values() for each in found}
    steps = [source.path.split(".") for source in sources if source.path.startswith("spec.")]
    return {".".join(each[:end]) for each in steps for end in range(2, len(each) + 1)}


def _forward(bundle: Bundle, path: str) -> Iterator[Diagnostic]:
    fields, facts = trace_forward(bundle, path)
    if not fields and not facts:
        near = nearest(path, _deciding(bundle))
        help_ = f"did you mean {near}?" if near else "write a path of the blueprint that has a value, like spec.release"
        raise _unknown(f"nothing follows from {path}", help_)
    by_place: dict[Span, tuple[list[TracedField], list[TracedFact]]] = {}
    for field in fields:
        by_place.setdefault(_at(field, path), ([], []))[0].append(field)
    for fact in facts:
        by_place.setdefault(fact.source.span, ([], []))[1].append(fact)
    for place, decided in by_place.items():
        yield _decided(path, place, *decided)


def _decided(path: str, place: Span, fields: list[TracedField], facts: list[TracedFact]) -> Diagnostic:
    """Everything that one line decides, under one excerpt of it."""
    objects = {str(field.object.id): None for field in fields}
    several = len(objects) > 1
    said = (
        [f"{_fields(len(fields))} of {f'{len(objects)} objects' if several else next(iter(objects))}"] if fields else []
    )
    if facts:
        said += [facts[0].what] if len(facts) == 1 else [f"{len(facts)} facts"]
    rows = [(f"{field.object.id} {field.name}" if several else field.name, _short(field.value)) for field in fields]
    rows += [("fact", fact.what) for fact in facts if len(facts) > 1]
    subject = next(iter(objects)) if len(objects) == 1 else None
    message = f"{path} decides {' and '.join(said)}"
    return Diagnostic(codes.LINE_USE, message, at=place, subject=subject, evidence=tuple(rows))


def _at(field: TracedField, path: str) -> Span:
    return next(source.span for source in field.origin.sources if source.path.startswith(path))


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"
