"""Common parts of file entries and comments: codes and dates as users write them, and their errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from blueprint.diagnostics import Code, Diagnostic, Fix, Span, all_codes, find_code, nearest
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.waivers import codes
from blueprint.waivers.model import Waiver
from blueprint.waivers.refusals import refusal_of

_DAY = lazy_pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ID = lazy_pattern(r"BP\d{4}", re.ASCII | re.IGNORECASE)
LONGEST = timedelta(days=366)


class WaiverText(Record):
    """A text in a waiver, and its location."""

    text: str
    at: Span


def code_of(written: WaiverText) -> Code | Diagnostic:
    """The code with this ID or slug, or why there is none to waive."""
    code = find_code(written.text)
    if code is None:
        near = None if _ID.fullmatch(written.text) else nearest(written.text, (each.slug for each in all_codes()))
        hint = f"did you mean {near}?" if near else "`blueprint explain` lists all codes"
        fix = Fix(written.at, near) if near else None
        return Diagnostic(codes.UNKNOWN_CODE, f"there is no code {written.text}", at=written.at, help=hint, fix=fix)
    if reason := refusal_of(code):
        message = f"{code.id} {code.slug} cannot be waived: {reason}"
        return Diagnostic(codes.NEVER_WAIVED, message, at=written.at, help="remove the waiver, and resolve the finding")
    return code


def date_of(written: WaiverText) -> date | Diagnostic:
    """The date, or its error."""
    try:
        if _DAY.fullmatch(written.text):
            return date.fromisoformat(written.text)
        wrong = "is not of the form YYYY-MM-DD"
    except ValueError:
        wrong = "is not a calendar date"
    message = f"expires: {written.text} {wrong}"
    return Diagnostic(codes.BAD_DATE, message, at=written.at, help="write the last active day in the form 2027-03-31")


def remarks_on(waiver: Waiver, expires_at: Span, today: date) -> Iterator[Diagnostic]:
    """Remarks about a well-formed waiver."""
    if waiver.is_broad:
        help_ = "set subject to the object, pool or node, or path to the field"
        message = f"the waiver of {waiver.code.id} matches every finding with this code"
        yield Diagnostic(codes.TOO_BROAD, message, at=waiver.at, help=help_)
    if waiver.expires - today > LONGEST:
        message = f"the waiver of {waiver.code.id} is active until {waiver.expires}, for more than a year"
        yield Diagnostic(codes.FAR_AHEAD, message, at=expires_at, help=f"choose a day up to {today + LONGEST}")
