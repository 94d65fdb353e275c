"""Invalid schedules, and Jobs that never run as many pods as they declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.common.jobs import BEYOND_COMPLETIONS, beyond_completions
from blueprint.check.finding import ObjectFinding, shown
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.wording import counted

UNREADABLE = define("BP6161", "schedule-unreadable", page=__file__)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, range, tuple[str, ...]], ...] = (
    ("minute", range(60), ()),
    ("hour", range(24), ()),
    ("day of the month", range(1, 32), ()),
    ("month", range(1, 13), _MONTHS),
    ("day of the week", range(7), _DAYS),
)
"""The fields of a schedule, as in the CronJob controller's parser (robfig/cron v3): name, numbers, words for the
numbers.
"""
_WORDS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY = lazy_pattern(r"@every [+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*+")
_NUMBER = lazy_pattern(r"[0-9]{1,9}")
_SHOWN = 30
_PART = lazy_pattern(r"([*?]|\w+(?:-\w+)?)(?:/([0-9]{1,9}))?")


@rule(UNREADABLE, tags=("scheduling",))
def schedule(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Schedules that the API server rejects."""
    path = ("spec", "schedule")
    text = inside(subject.data, *path)
    if isinstance(text, str) and (fault := _fault(text)):
        why, help_ = fault
        short = shown(text, path, subject.id.kind)
        yield ObjectFinding(UNREADABLE, path, f"spec.schedule is {short}: {why}", help_)


@rule(BEYOND_COMPLETIONS, tags=("scheduling",))
def parallelism(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs whose parallelism exceeds their completions."""
    yield from beyond_completions(subject, "spec", "jobTemplate", "spec")


def _fault(text: str) -> tuple[str, str] | None:
    """Why a text is not a schedule, and what to write; None if it is valid."""
    if text.startswith(("TZ=", "CRON_TZ=")):
        return "the time zone does not belong in the schedule", "use spec.timeZone"
    if text.startswith("@"):
        known = text in _WORDS or _EVERY.fullmatch(text)
        return (
            None
            if known
            else ("unknown word", f"use one of {', '.join(sorted(_WORDS))}, or an interval such as @every 6h")
        )
    fields = text.split()
    if len(fields) != len(_FIELDS):
        seconds = "; there is none for seconds" if len(fields) > len(_FIELDS) else ""
        order = "minute, hour, day of the month, month, day of the week"
        return f"it has {counted(len(fields), 'field')}, not {len(_FIELDS)}{seconds}", f"the fields are {order}"
    for field, (name, numbers, words) in zip(fields, _FIELDS, strict=True):
        named = dict(zip(words, numbers, strict=False))
        if not all(_is_part(part, numbers, named) for part in field.split(",") if part):
            listed = f" or {words[0].upper()} to {words[-1].upper()}" if words else ""
            return (
                f"{field[:_SHOWN]} is not a valid {name}",
                f"use numbers from {numbers[0]} to {numbers[-1]}{listed}, or forms such as *, */2, 1-5 and 1,3",
            )
    return None


def _is_part(part: str, numbers: range, words: Mapping[str, int]) -> bool:
    """Whether one item of a field is a number, a range or a step within the bounds."""
    found = _PART.fullmatch(part)
    if found is None or (found[2] and not int(found[2])):
        return False
    if found[1] in ("*", "?"):
        return True
    ends = [int(each) if _NUMBER.fullmatch(each) else words.get(each.lower()) for each in found[1].split("-")]
    known = [each for each in ends if each is not None and each in numbers]
    return len(known) == len(ends) and known == sorted(known)


RULES = (schedule, parallelism)
