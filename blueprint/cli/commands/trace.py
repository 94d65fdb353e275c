"""Trace a value to its source, or a line to everything that it decides.

With KIND/[NAMESPACE/]NAME and FIELD, the command shows the lines from which a rendered field comes. With a path of the
blueprint, such as spec.nodePools.train.gpu.count, it shows the fields and facts that this line decides.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blueprint.bundle import codes
from blueprint.bundle.model import Bundle, Object
from blueprint.bundle.trace import TracedField, TracedUse, deciding_paths, trace_back, trace_forward
from blueprint.cli.options import add_report, add_target, compile_target, load_bundle
from blueprint.cli.targets import is_bundle
from blueprint.diagnostics import Diagnostic, Note, Refused, Span, nearest
from blueprint.platform.tracking.sources import WRITTEN, Source, line_to_change
from blueprint.report.model import Run
from blueprint.source.paths import parse_path
from blueprint.wording import counted

if TYPE_CHECKING:
    from blueprint.source.merge import Node

HELP = "trace a rendered field to its source line, or a line to the fields it decides"
GROUP = "review"
STEP = 3
EXAMPLES = (
    "blueprint trace blueprint.yaml ClusterPolicy/cluster-policy spec.driver.version",
    "blueprint trace blueprint.yaml spec.nodePools.train.driver.branch",
)
MOST_IN_FULL = 3
"""The maximum number of fields that are reported individually, with their lines; more of them become a table."""
_BLUEPRINT = (*WRITTEN, "default")
"""Layers of values that a blueprint sets or leaves at their defaults."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser, optional=False)
    parser.add_argument(
        "what", metavar="OBJECT|PATH", help="KIND/[NAMESPACE/]NAME, or a path of the blueprint (spec...)"
    )
    parser.add_argument("field", metavar="FIELD", nargs="?", help="a field of the object, or a subtree")
    parser.add_argument("--all", action="store_true", help="also list every default that contributed")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Report notes that point at the lines."""
    bundle, root, texts = _load(options)
    if options.what.split(".")[0] in ("spec", "metadata") and "/" not in options.what.split("[")[0]:
        found = list(_forward(bundle, options.what))
    else:
        found = list(_back(_object(bundle, options.what), options.field, root, all_=options.all))
    question = f"{options.what} {options.field or ''}".strip()
    return Run(
        "trace",
        f"trace {question} in {bundle.name}",
        diagnostics=tuple(found),
        subject={"blueprint": bundle.name, "version": bundle.version, "digest": bundle.digest},
        verdict=counted(len(found), "answer"),
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
        raise _unknown(f"{name} exists in several namespaces", "specify one: KIND/NAMESPACE/NAME")
    near = nearest(name, [known for obj in bundle.objects for known in (str(obj.id), f"{obj.id.kind}/{obj.id.name}")])
    raise _unknown(
        f"no rendered object is named {name}", f"did you mean {near}?" if near else "write KIND/[NAMESPACE/]NAME"
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
    written = [source for source in field.sources if source.layer in WRITTEN]
    first = field.first
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
    rest = field.sources[1:]
    defaults = [source for source in rest if source.layer == "default"]
    for source in rest if all_ or len(defaults) == 1 else [each for each in rest if each.layer != "default"]:
        yield Note(f"{source.layer}: {_label(source)}", source.span)
    if first:
        yield Note(f"rendered by this template of {field.object.component}", field.origin.template)
    if len(defaults) > 1 and not all_:
        yield Note(f"and {len(defaults)} defaults; --all lists them")


def _replaced(source: Source, root: Node) -> Iterator[Note]:
    """Notes about values in lower layers that the source overrides."""
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
    decided = [each for each in fields if (line := line_to_change(each.noted)) and line.layer in _BLUEPRINT]
    return Diagnostic(
        codes.FIELD_ORIGIN,
        f"{obj.id} {field or ''}: {_fields(len(decided))} from the blueprint".replace(" :", ":"),
        at=origin.template,
        label=f"rendered by this template of {obj.component}",
        subject=str(obj.id),
        path=field,
        evidence=tuple((each.name, _row(each)) for each in decided),
        help="specify one field to see its lines",
    )


def _row(field: TracedField) -> str:
    """The value, its line, and the blueprint's line that selected it, if that is a different one."""
    first, chose = field.first, line_to_change(field.noted)
    value = json.dumps(field.value, ensure_ascii=False)
    if first is None or chose is None:
        return value
    row = f"{value}  from {first.span} ({_label(first)})"
    return row if first.layer in _BLUEPRINT else f"{row}, chosen at {chose.span} ({_label(chose)})"


def _forward(bundle: Bundle, path: str) -> Iterator[Diagnostic]:
    by_place: dict[Span, list[TracedUse]] = {}
    for use in trace_forward(bundle, path):
        by_place.setdefault(use.source.span, []).append(use)
    if not by_place:
        near = nearest(path, deciding_paths(bundle))
        help_ = (
            f"did you mean {near}?"
            if near
            else "specify a path of the blueprint that has a value, such as spec.release"
        )
        raise _unknown(f"nothing depends on {path}", help_)
    for place, uses in by_place.items():
        yield _decided(path, place, uses)


def _decided(path: str, place: Span, uses: Sequence[TracedUse]) -> Diagnostic:
    """Everything that one line decides, below one excerpt of it."""
    fields = [use.field for use in uses if use.field]
    facts = [use.fact for use in uses if use.fact]
    objects = {str(field.object.id): None for field in fields}
    several = len(objects) > 1
    parts = (
        [f"{_fields(len(fields))} of {f'{len(objects)} objects' if several else next(iter(objects))}"] if fields else []
    )
    if facts:
        parts += [facts[0]] if len(facts) == 1 else [f"{len(facts)} facts"]
    rows = [(f"{field.object.id} {field.name}" if several else field.name, _short(field.value)) for field in fields]
    rows += [("fact", fact) for fact in facts if len(facts) > 1]
    subject = next(iter(objects)) if len(objects) == 1 else None
    message = f"{path} determines {' and '.join(parts)}"
    return Diagnostic(codes.LINE_USE, message, at=place, subject=subject, evidence=tuple(rows))


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"
