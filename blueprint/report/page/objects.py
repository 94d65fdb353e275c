"""Changed objects as HTML: foldable, open while there are few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.report.changes import MARKS, block_diff, only_labels, origin_text, split_label_changes
from blueprint.report.page.markup import esc
from blueprint.report.values import one_line
from blueprint.source.paths import format_path

MOST_OPEN = 40
_LONGEST = 2000


def changes_html(changes: Sequence[ObjectChange]) -> Iterator[str]:
    """Every object that changes; the unchanged ones folded into one list."""
    shown, labelled = split_label_changes(changes)
    for change in shown:
        yield _object(change, is_open=len(shown) <= MOST_OPEN)
    if labelled:
        yield _names(labelled, only_labels(labelled))
    if unchanged := [change for change in changes if change.action is Action.UNCHANGED]:
        yield _names(unchanged, f"{len(unchanged)} unchanged")


def _names(changes: Sequence[ObjectChange], summary: str) -> str:
    names = "".join(f"<li class=mono>{esc(str(change.id))}</li>" for change in changes)
    return f"<details class=object><summary>{esc(summary)}</summary><ul>{names}</ul></details>"


def _object(change: ObjectChange, *, is_open: bool) -> str:
    kind = "unknown-change" if change.action is Action.UNKNOWN else change.action.value
    reason = f" <span class=faint>{esc(change.reason)}</span>" if change.reason else ""
    head = (
        f"<span class=mark>{esc(MARKS[change.action])}</span><b>{esc(str(change.id))}</b> "
        f"<span class=faint>{change.action.value}</span>{reason}"
    )
    fields = "".join(_field(field) for field in change.fields)
    if not fields:
        return f'<details class="object {kind}"><summary>{head}</summary></details>'
    opened = " open" if is_open else ""
    return f'<details class="object {kind}"{opened}><summary>{head}</summary>{fields}</details>'


def _field(field: FieldChange) -> str:
    lines = block_diff(field)
    values = f"<pre>{'&#10;'.join(map(esc, lines))}</pre>" if lines else _values(field)
    return (
        f"<div class=field><div class=mono>{esc(format_path(field.path))}</div>{values}"
        f"<div class=faint>{esc(origin_text(field.origin))}</div></div>"
    )


def _values(field: FieldChange) -> str:
    sides = (("del", field.before), ("ins", field.after))
    return "".join(
        f"<div><{tag}>{esc(one_line(value, _LONGEST))}</{tag}></div>" for tag, value in sides if value is not ABSENT
    )
