"""Changed objects and fields as lines of text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from blueprint.bundle.model import FieldOrigin
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.redaction.secrets import Redacted
from blueprint.report.context import Context
from blueprint.report.escaping import cells, visible
from blueprint.report.style import Style
from blueprint.report.values import one_line
from blueprint.report.wrapping import on_terminal, wrapped
from blueprint.wording import counted

MARKS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.UNCHANGED: "=",
    Action.UNKNOWN: "?",
}
_MOST_DIFF_LINES = 24
_FEW = 3
_DEEPER = 12
"""The continuation indent of lines that exceed the terminal's width."""
_LINE_ACTIONS = {"+": Action.CREATE, "-": Action.DELETE}


def change_lines(changes: Sequence[ObjectChange], context: Context, style: Style) -> Iterator[str]:
    """All changed objects with their fields. Unchanged ones are counted in one line, label changes in another."""
    shown, labelled = split_label_changes(changes)
    for change in shown:
        mark = style.action(f"{MARKS[change.action]:<3}", change.action)
        reason = f"   {style.dim(visible(change.reason))}" if change.reason else ""
        yield f"  {mark} {visible(str(change.id))}{reason}"
        widest = max((cells(_path(field)) for field in change.fields), default=0)
        for field in change.fields:
            yield from _field_lines(field, min(widest, context.width // 2), context, style)
    if labelled:
        first, *rest = on_terminal(f"      {only_labels(labelled)}", context, _DEEPER)
        yield f"  {style.action('~  ', Action.UPDATE)} {first[6:]}"
        yield from rest
    if unchanged := sum(change.action is Action.UNCHANGED for change in changes):
        yield style.dim(f"  =   {unchanged} unchanged")


def split_label_changes(changes: Sequence[ObjectChange]) -> tuple[list[ObjectChange], list[ObjectChange]]:
    """The objects to show individually, and those with only label changes, if there are many."""
    changed = [change for change in changes if change.action is not Action.UNCHANGED]
    labelled = [change for change in changed if change.fields and all(map(_is_label, change.fields))]
    if len(labelled) <= _FEW:
        return changed, []
    return [change for change in changed if change not in labelled], labelled


def only_labels(changes: Sequence[ObjectChange]) -> str:
    """`22 objects: only labels: app.kubernetes.io/version "v26.3.3" -> "v26.7.0"`."""
    texts = dict.fromkeys(f"{field.path[-1]} {values_text(field)}" for change in changes for field in change.fields)
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return f"{counted(len(changes), 'object')}: only labels: {visible(', '.join(list(texts)[:_FEW]))}{more}"


def _is_label(field: FieldChange) -> bool:
    return field.path[:2] == ("metadata", "labels")


def origin_text(origin: FieldOrigin | None) -> str:
    """`from blueprint.yaml:18:14 (spec.nodePools.train.gpu.product)`, or nothing."""
    source = origin.line if origin else None
    if source is None:
        return f"from {visible(str(origin.template))}" if origin else ""
    path = f" ({visible(source.path)})" if source.path else ""
    return f"from {visible(str(source.span))}{path}"


def values_text(field: FieldChange) -> str:
    """`before -> after`, `+ after` or `- before`."""
    if field.before is ABSENT:
        return f"+ {one_line(field.after)}"
    if field.after is ABSENT:
        return f"- {one_line(field.before)}"
    return f"{one_line(field.before)} -> {one_line(field.after)}"


def block_diff(field: FieldChange) -> list[str]:
    """For a multi-line text: the lines that differ, with `+`, `-` or a space before each. Otherwise empty."""
    if not (_is_block(field.before) and _is_block(field.after)):
        return []
    lines = difflib.unified_diff(field.before.splitlines(), field.after.splitlines(), n=1, lineterm="")
    shown = [visible(line) for line in lines][2:]
    more = len(shown) - _MOST_DIFF_LINES
    return [*shown[:_MOST_DIFF_LINES], *([f"... {counted(more, 'more line')}"] if more > 0 else [])]


def _path(field: FieldChange) -> str:
    return visible(field.shown)


def _field_lines(field: FieldChange, widest: int, context: Context, style: Style) -> Iterator[str]:
    origin = origin_text(field.origin)
    path = _path(field)
    path += " " * (widest - cells(path))
    if lines := block_diff(field):
        yield f"        {path}  {style.dim(origin)}".rstrip()
        yield from (
            f"            {style.action(line, _LINE_ACTIONS.get(line[:1], Action.UNCHANGED))}" for line in lines
        )
    else:
        line = f"        {path}  {values_text(field)}"
        if not context.terminal or cells(line) + len("   ") + cells(origin) <= context.width:
            yield f"{line}{'   ' if origin else ''}{style.dim(origin)}"
            return
        yield from wrapped(line, context, _DEEPER)
        yield from map(style.dim, wrapped(f"{' ' * _DEEPER}{origin}", context, _DEEPER) if origin else ())


def _is_block(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Redacted) and "\n" in value.strip()
