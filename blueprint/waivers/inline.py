"""Waivers in comments: `# blueprint: waive BP6101 until 2027-03-31 -- reason (owner)`, next to the finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from blueprint.diagnostics import Diagnostic, Span, nearest
from blueprint.patterns import lazy_pattern
from blueprint.source.comments import Comment, marked_comments
from blueprint.waivers import codes
from blueprint.waivers.entries import WaiverText, code_of, date_of, remarks_on
from blueprint.waivers.model import Waiver

_MARKER = "blueprint:"
_WORD = "waive"
FORM = "# blueprint: waive BP6101 until 2027-03-31 -- reason (owner)"
_FORM = lazy_pattern(
    r"""blueprint: [ \t]* waive [ \t]+ (?P<codes>[^ \t,]+ (?:[ \t]*,[ \t]*[^ \t,]+)*) [ \t]+ until [ \t]+ (?P<until>\S+)
        [ \t]+ -- [ \t]+ (?P<reason>\S.*?) [ \t]* \( (?P<owner>[^()]*[^()\s][^()]*) \)""",
    re.VERBOSE,
)


def inline_waivers(text: str, file: str, today: date) -> tuple[list[Waiver], list[Diagnostic]]:
    """The waivers in a file's comments, and errors in them or remarks about them."""
    waivers: list[Waiver] = []
    problems: list[Diagnostic] = []
    for comment in marked_comments(text, _MARKER):
        if _is_waiver(comment.text):
            for found in _waivers_of(comment, file, today):
                (waivers if isinstance(found, Waiver) else problems).append(found)  # type: ignore[arg-type]
    return waivers, problems


def _is_waiver(text: str) -> bool:
    """Whether a comment is intended as a waiver, valid or misspelt."""
    word = re.match(r"\s*([A-Za-z-]+)", text.removeprefix(_MARKER))
    return word is not None and nearest(word[1], (_WORD,)) is not None


def _waivers_of(comment: Comment, file: str, today: date) -> Iterator[Waiver | Diagnostic]:
    """One waiver for each code; none for a comment with an error."""
    begin = comment.text_column
    whole = Span(file, comment.line, comment.column, comment.line, begin + len(comment.text))
    form = _FORM.fullmatch(comment.text)
    if form is None:
        message = "this comment looks like a waiver, but does not have its form"
        yield Diagnostic(codes.COMMENT_MALFORMED, message, at=whole, help=f"write `{FORM}`")
        return

    def part(start: int, stop: int) -> WaiverText:
        """A part of the comment, by offsets, with its location in the file."""
        at = Span(file, comment.line, begin + start, comment.line, begin + stop)
        return WaiverText(comment.text[start:stop], at)

    names = [part(n.start() + form.start("codes"), n.end() + form.start("codes")) for n in _names(form["codes"])]
    until = part(*form.span("until"))
    expires, found = date_of(until), [code_of(name) for name in names]
    if problems := [each for each in (*found, expires) if isinstance(each, Diagnostic)]:
        yield from problems
        return
    for code, name in zip(found, names, strict=True):
        if not isinstance(code, Diagnostic) and not isinstance(expires, Diagnostic):
            waiver = Waiver(code, form["reason"], form["owner"].strip(), expires, name.at, line=comment.about)
            yield waiver
            yield from remarks_on(waiver, until.at, today)


def _names(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"[^ \t,]+", text)
