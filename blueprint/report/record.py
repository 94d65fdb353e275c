"""The content of a run for all formats: ordered, counted, masked and fingerprinted once.

Formats only determine the presentation. They agree on findings, counts and verdict because all of them read this
record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.changes.compare import ABSENT, Action, ObjectChange
from blueprint.diagnostics import Diagnostic, Severity, in_order
from blueprint.records import Record, replace
from blueprint.redaction.secrets import is_secret
from blueprint.redaction.values import Mask
from blueprint.report.model import Run
from blueprint.waivers.model import Waiver
from blueprint.wording import counted, counted_or_none

OUTCOMES = {
    0: ("clean", "Done."),
    1: ("findings", "Nothing was done."),
    2: ("not-started", "Could not start."),
    3: ("unknown", "Incomplete: not everything could be examined."),
    70: ("internal-error", "The tool itself failed; the result is incomplete."),
    130: ("interrupted", "Interrupted."),
}
"""Exit codes with their names in machine-readable formats, and the default verdicts."""


_ACTS = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE})
"""Actions that are counted as nouns: `2 updates`."""


class ReportEntry(Record):
    """One diagnostic with a fingerprint that is stable across runs; `number` counts from 1 in report order."""

    number: int
    diagnostic: Diagnostic
    fingerprint: str


class WaivedEntry(Record):
    """One waived diagnostic with its fingerprint, which is the same as without the waiver."""

    diagnostic: Diagnostic
    fingerprint: str
    waiver: Waiver


class ReportContent(Record):
    """A run prepared for formats. `counts` contains all severities, `actions` all occurring actions."""

    run: Run
    findings: tuple[ReportEntry, ...]
    waived: tuple[WaivedEntry, ...]
    platform: tuple[ObjectChange, ...]
    changes: tuple[ObjectChange, ...]
    counts: dict[Severity, int]
    actions: dict[Action, int]
    outcome: str
    verdict: str


def record_of(run: Run) -> ReportContent:
    """Order, mask, count and fingerprint the results of a run."""
    mask = Mask()
    changes = tuple(_masked(change, mask) for change in run.changes)
    waivers = {each.diagnostic: each.waiver for each in run.waived}
    found = list(in_order([*run.diagnostics, *waivers]))
    entries = list(_fingerprinted(_shortened(mask.diagnostic(each)) for each in found))
    findings = [entry for each, entry in zip(found, entries, strict=True) if each not in waivers]
    severities = Counter(each.diagnostic.severity for each in findings)
    actions = Counter(change.action for change in changes)
    outcome, words = OUTCOMES.get(run.exit_code, ("other", f"Exit code {run.exit_code}."))
    return ReportContent(
        run=run,
        findings=tuple(replace(entry, number=number) for number, entry in enumerate(findings, start=1)),
        waived=tuple(
            WaivedEntry(entry.diagnostic, entry.fingerprint, waivers[each])
            for each, entry in zip(found, entries, strict=True)
            if each in waivers
        ),
        platform=run.platform,
        changes=changes,
        counts={severity: severities[severity] for severity in Severity},
        actions={action: actions[action] for action in Action if actions[action]},
        outcome=outcome,
        verdict=_sentence(run.verdict or words),
    )


_LONGEST = 2_000
"""Characters of a text in a report: a value that is named in it may be as long as its file."""


def _shortened(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic with no text that is longer than anybody reads."""
    fix = diagnostic.fix
    texts = (diagnostic.message, diagnostic.help, diagnostic.subject, diagnostic.path, fix and fix.replacement)
    if max(len(each or "") for each in texts) <= _LONGEST:
        return diagnostic
    return replace(
        diagnostic,
        message=_cut(diagnostic.message),
        help=diagnostic.help and _cut(diagnostic.help),
        subject=diagnostic.subject and _cut(diagnostic.subject),
        path=diagnostic.path and _cut(diagnostic.path),
        fix=fix if fix and len(fix.replacement) <= _LONGEST else None,
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _sentence(text: str) -> str:
    """The text with a full stop, so that all verdicts are sentences."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _masked(change: ObjectChange, mask: Mask) -> ObjectChange:
    """The change with its secret values hidden."""
    if not is_secret(change.id.group, change.id.kind):
        return change

    def hidden(path: Path, value: Any) -> Any:
        """The value without its secrets; ABSENT stays ABSENT."""
        return value if value is ABSENT else mask.value(path, value)

    fields = (replace(f, before=hidden(f.path, f.before), after=hidden(f.path, f.after)) for f in change.fields)
    return replace(change, fields=tuple(fields))


def _fingerprinted(diagnostics: Iterable[Diagnostic]) -> Iterator[ReportEntry]:
    seen: Counter[str] = Counter()
    for number, diagnostic in enumerate(diagnostics, start=1):
        identity = _identity(diagnostic)
        seen[identity] += 1
        twin = "" if seen[identity] == 1 else f"\n{seen[identity]}"
        yield ReportEntry(number, diagnostic, hashlib.sha256(f"{identity}{twin}".encode()).hexdigest())


def _identity(diagnostic: Diagnostic) -> str:
    """Code, subject or file, path and message, but no line numbers, so that edits above do not re-open alerts."""
    where = diagnostic.subject or (diagnostic.at.file if diagnostic.at else "")
    message = re.sub(r"\b(lines? |columns? )\d+|:\d+(:\d+)?\b", r"\1", diagnostic.message)
    return json.dumps([diagnostic.code.id, where, diagnostic.path or "", " ".join(message.split())])


def counts_in_words(record: ReportContent) -> str:
    """`2 errors, 1 warning, 3 waived`; severities with a count of zero are omitted, unless all are zero."""
    found = [counted_or_none(number, severity.value) for severity, number in record.counts.items() if number]
    waived = [f"{len(record.waived)} waived"] if record.waived else []
    return ", ".join([*(found or ["no findings"]), *waived])


def place_and_time(run: Run) -> str:
    """The subject of the run with its place and time, as far as they are known: one phrase, or an empty string.

    `prod-eu 1.4.0 in gpu-prod (https://10.0.0.1:6443, uid 59cb), compared 2026-11-29T07:22:00Z`.
    """
    subject = run.subject
    if not (context := subject.get("context")):
        return ""
    server = [subject.get("server", ""), f"uid {uid}" if (uid := subject.get("cluster")) else ""]
    known = ", ".join(each for each in server if each)
    where = f"{subject.get('blueprint', '')} in {context}".strip() + (f" ({known})" if known else "")
    return ", ".join([where, *(f"{name} {subject[name]}" for name in ("taken", "compared") if name in subject)])


def waiver_in_words(waiver: Waiver) -> str:
    """`until 2027-03-31, platform team: the reason`."""
    return f"until {waiver.expires}, {waiver.owner}: {waiver.reason}"


def actions_in_words(record: ReportContent) -> str:
    """`1 create, 14 updates, 188 unchanged`."""
    return ", ".join(
        counted(number, action.value) if action in _ACTS else f"{number} {action.value}"
        for action, number in record.actions.items()
    )


def left_out_by_reason(run: Run) -> dict[str, int]:
    """The number of differences that do not count, by reason."""
    return dict(sorted(Counter(each.reason for each in run.left_out).items()))


def _things(number: int, scope: str) -> str:
    """`1 object`, `2 objects`; for several words, the last or the first is the noun: `1 record of what was applied`."""
    if number != 1:
        return f"{number} {scope}"
    words, joined, rest = scope.partition(" of ")
    return f"1 {words.removesuffix('s')}{joined}{rest}"


def coverage_in_words(run: Run) -> list[str]:
    """The coverage in words: what was examined, what could not be, and what was not requested. One sentence each,
    omitted if empty.
    """
    sentences = []
    if examined := [_things(each.examined, each.scope) for each in run.coverage]:
        sentences.append(f"Examined: {', '.join(examined)}.")
    for each in run.coverage:
        if each.unknown:
            why = f" ({each.reason})" if each.reason else ""
            sentences.append(f"Unknown: {_things(each.unknown, each.scope)}{why}.")
    if run.out_of_scope:
        sentences.append(f"Not requested: {', '.join(run.out_of_scope)}.")
    if reasons := [f"{number} x {reason}" for reason, number in left_out_by_reason(run).items()]:
        sentences.append(f"Left out, as expected (each is named in --report json): {'; '.join(reasons)}.")
    if run.skipped_rules:
        sentences.append(f"Not run: {counted_or_none(len(run.skipped_rules), 'rule')} (-v names them).")
    return sentences
