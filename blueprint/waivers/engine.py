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
        index = _Index(self)
        return [each for each in found if index.waiver_of(each) is None]

    def judge(self, found: Sequence[Diagnostic]) -> Judgement:
        """Divide the findings. The order of the waivers does not matter."""
        index = _Index(self)
        waived = {each: waiver for each in dict.fromkeys(found) if (waiver := index.waiver_of(each))}
        standing = tuple(each for each in found if each not in waived)
        return Judgement(
            standing,
            tuple(WaivedFinding(each, waived[each]) for each in in_order(waived)),
            tuple(index.expired(standing)),
            tuple(each for each in self.entries if not index.is_used(each)),
        )


_Target = tuple[object, ...]
"""What a waiver is about: those that are equal match the same findings."""


def _target(waiver: Waiver) -> _Target:
    if waiver.is_comment:
        return waiver.code.id, waiver.at.file, waiver.line
    return waiver.code.id, waiver.subject, waiver.path


class _Index:
    """Waivers by what they are about: a file may have a hundred thousand, and as many findings."""

    def __init__(self, waivers: Waivers) -> None:
        self._today = waivers.today
        self._entries = waivers.entries
        self._by_target: dict[_Target, list[Waiver]] = {}
        self._patterns: dict[str, list[_Target]] = {}
        for each in waivers.entries:
            alike = self._by_target.setdefault(_target(each), [])
            if not alike and not each.is_comment:
                self._patterns.setdefault(each.code.id, []).append(_target(each))
            alike.append(each)
        self._best = {target: self._best_of(alike) for target, alike in self._by_target.items()}
        self._used: set[_Target] = set()

    def _best_of(self, alike: list[Waiver]) -> Waiver | None:
        in_force = (each for each in alike if self._today and each.in_force(self._today))
        return min(in_force, key=lambda each: each.sort_key, default=None)

    def _targets(self, diagnostic: Diagnostic) -> Iterator[_Target]:
        """What the finding is, of all that waivers are about."""
        patterns = self._patterns.get(diagnostic.code.id, ())
        lines = [(diagnostic.code.id, at.file, at.line) for at in (diagnostic.at,) if at]
        for target in (*lines, *patterns):
            if target in self._by_target and self._by_target[target][0].matches(diagnostic):
                self._used.add(target)
                yield target

    def waiver_of(self, diagnostic: Diagnostic) -> Waiver | None:
        """The waiver that is in force for a finding."""
        found = (self._best[target] for target in self._targets(diagnostic))
        return min(filter(None, found), key=lambda each: each.sort_key, default=None)

    def is_used(self, waiver: Waiver) -> bool:
        """Whether it matches one of the findings that were looked up."""
        return _target(waiver) in self._used

    def expired(self, standing: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        """What is to be said of waivers of findings that count."""
        matched: dict[_Target, list[Diagnostic]] = {}
        for each in standing:
            for target in self._targets(each):
                matched.setdefault(target, []).append(each)
        notes = {
            target: tuple(Note("the finding remains", each.at) for each in in_order(several))
            for target, several in matched.items()
        }
        for waiver in self._entries:
            if places := notes.get(_target(waiver)):
                number = "a finding counts" if len(places) == 1 else f"{len(places)} findings count"
                message = f"the waiver of {waiver.code.id} expired on {waiver.expires}: {number} again"
                help_ = f"resolve the finding, or agree on a new date with {waiver.owner}"
                yield Diagnostic(codes.EXPIRED, message, at=waiver.at, notes=places[:3], help=help_)


def unused_note(waiver: Waiver) -> Diagnostic:
    """A note about a waiver that matches no finding."""
    which = " ".join(part for part in (waiver.subject, waiver.path) if part)
    message = f"no finding matches the waiver of {waiver.code.id} {waiver.code.slug}" + (
        f" for {which}" if which else ""
    )
    return Diagnostic(codes.UNUSED, message, at=waiver.at, help="remove the waiver, or correct its subject or path")


NO_WAIVERS = Waivers()
