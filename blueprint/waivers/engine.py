"""Applies waivers to findings: which ones count, which do not, and diagnostics about the waivers themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from blueprint.diagnostics import Diagnostic, Note, in_order
from blueprint.records import Record, replace
from blueprint.waivers import codes
from blueprint.waivers.inline import inline_waivers
from blueprint.waivers.model import WaivedFinding, Waiver


class Judgement(Record):
    """Findings, divided by waivers.

    Attributes:
        standing: Those that count, in input order.
        waived: Those that do not, in report order.
        remarks: Expired waivers whose findings count.
        unused: Waivers that match no finding.
    """

    standing: tuple[Diagnostic, ...]
    waived: tuple[WaivedFinding, ...]
    remarks: tuple[Diagnostic, ...]
    unused: tuple[Waiver, ...]


class Waivers(Record):
    """The waivers of one run, and its day. Without a day, nothing is waived.

    `problems` are errors in the waivers, and remarks about them. `scanned` are the files whose comments were read.
    """

    entries: tuple[Waiver, ...] = ()
    today: date | None = None
    problems: tuple[Diagnostic, ...] = ()
    scanned: frozenset[str] = frozenset()

    def with_comments(self, texts: Mapping[str, str]) -> Waivers:
        """These waivers and those in the comments of `texts`; values from the command line (`<--set>`) have none."""
        if self.today is None:
            return self
        entries, problems = list(self.entries), list(self.problems)
        files = [file for file in texts if file not in self.scanned and not file.startswith("<")]
        for file in files:
            waivers, found = inline_waivers(texts[file], file, self.today)
            entries += waivers
            problems += found
        return replace(self, entries=tuple(entries), problems=tuple(problems), scanned=self.scanned.union(files))

    def standing(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings that are not waived."""
        return [each for each in found if self._waiver_of(each) is None]

    def judge(self, found: Sequence[Diagnostic]) -> Judgement:
        """Divide the findings. The order of the waivers does not matter."""
        waived = {each: waiver for each in dict.fromkeys(found) if (waiver := self._waiver_of(each))}
        standing = tuple(each for each in found if each not in waived)
        return Judgement(
            standing,
            tuple(WaivedFinding(each, waived[each]) for each in in_order(waived)),
            tuple(self._expired(standing)),
            tuple(each for each in self.entries if not any(each.matches(one) for one in found)),
        )

    def _waiver_of(self, diagnostic: Diagnostic) -> Waiver | None:
        today = self.today
        if today is None:
            return None
        matching = (each for each in self.entries if each.in_force(today) and each.matches(diagnostic))
        return min(matching, key=lambda each: each.sort_key, default=None)

    def _expired(self, standing: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        for waiver in self.entries:
            if matched := [each for each in standing if waiver.matches(each)]:
                notes = tuple(Note("the finding remains", each.at) for each in in_order(matched))
                number = "a finding counts" if len(notes) == 1 else f"{len(notes)} findings count"
                message = f"the waiver of {waiver.code.id} expired on {waiver.expires}: {number} again"
                help_ = f"resolve it, or agree on another day with {waiver.owner}"
                yield Diagnostic(codes.EXPIRED, message, at=waiver.at, notes=notes[:3], help=help_)


def unused_note(waiver: Waiver) -> Diagnostic:
    """A note about a waiver that matches no finding."""
    which = " ".join(part for part in (waiver.subject, waiver.path) if part)
    message = f"no finding matches the waiver of {waiver.code.id} {waiver.code.slug}" + (
        f" for {which}" if which else ""
    )
    return Diagnostic(codes.UNUSED, message, at=waiver.at, help="remove it, or correct its subject or path")


NO_WAIVERS = Waivers()
