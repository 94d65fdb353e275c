"""Converts findings to diagnostics: the live value, its writer, the contradicted line, and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.changes.compare import ABSENT, differences
from blueprint.diagnostics import Code, Diagnostic, Note
from blueprint.drift import codes
from blueprint.drift.danger import danger_of, restarts_of
from blueprint.drift.model import Finding, FindingKind, FoundIn, cause_of
from blueprint.redaction.secrets import HIDDEN, HIDDEN_DIFFERENT, is_confidential_field, is_secret_subject
from blueprint.source.paths import format_path
from blueprint.source.yaml_writer import readable
from blueprint.wording import counted

_LONGEST, _LONGEST_IN_MESSAGE = 160, 80
_AT_LENGTH = frozenset(
    {"class", "declared", "live", "from", "layer", "also decides", "template", "operation", "uid", "resourceVersion",
     "station"}
)  # fmt: skip
"""Evidence that repeats the headline or the shown line, or that only auditors need."""
_DIFFERENCES_SHOWN = 5
_CODES = {
    FindingKind.MISSING: codes.MISSING,
    FindingKind.MODIFIED: codes.MODIFIED,
    FindingKind.REMOVED: codes.REMOVED,
    FindingKind.FOREIGN_ADDITION: codes.FOREIGN_ADDITION,
    FindingKind.OWNERSHIP_LOST: codes.OWNERSHIP_LOST,
    FindingKind.REORDERED: codes.REORDERED,
    FindingKind.REPLACED: codes.REPLACED,
    FindingKind.ORPHANED: codes.ORPHANED,
    FindingKind.COPIED: codes.COPIED,
    FindingKind.TERMINATING: codes.TERMINATING,
    FindingKind.POOL_SIZE: codes.POOL_SIZE,
    FindingKind.SHARED_NODE: codes.SHARED_NODE,
}
_MESSAGES = {
    FindingKind.MISSING: "{what} is not in the cluster",
    FindingKind.MODIFIED: "{what} is {live}, but the blueprint declares {declared}{by}",
    FindingKind.REMOVED: "{what} is missing, but the blueprint declares {declared}",
    FindingKind.FOREIGN_ADDITION: "{what} is {live}, which the blueprint does not declare{by}",
    FindingKind.OWNERSHIP_LOST: "{what} now belongs to {owner}",
    FindingKind.REORDERED: "{what} is in a different order than declared",
    FindingKind.REPLACED: "{what} was deleted and recreated{by}",
    FindingKind.ORPHANED: "{what} was applied from this blueprint, but is no longer rendered",
    FindingKind.COPIED: "{what} has the label of this blueprint, but was never applied from it{by}",
    FindingKind.TERMINATING: "{what} is being deleted",
    FindingKind.UNKNOWN: "{what} is {live}, not the declared {declared}; it is unknown whether it was changed",
    FindingKind.POOL_SIZE: "the selector of {what} matches {live} nodes, but the blueprint declares {declared}",
    FindingKind.SHARED_NODE: "the selectors of several pools match {what}: {live}",
    "unseen": "{what}: objects could not be read",
}
_SHOWN_LAYERS = frozenset({"overlay", "set", "patch", "release", "hardware"})
"""Sources with their own note. Further lines of the blueprint only determined whether the object exists, and are listed
by path.
"""


def diagnostics_of(findings: Iterable[Finding]) -> Iterator[Diagnostic]:
    """One diagnostic per finding; findings with a common cause include their number."""
    reported = list(findings)
    causes = Counter(cause for finding in reported if (cause := cause_of(finding)))
    for finding in reported:
        yield _diagnostic(finding, causes)


def _diagnostic(finding: Finding, causes: Counter[str]) -> Diagnostic:
    return Diagnostic(
        code=_code(finding),
        message=_message(finding),
        at=finding.origin.place if finding.origin else None,
        label=_label(finding),
        notes=tuple(_notes(finding)),
        help=finding.help,
        commands=finding.commands,
        subject=finding.subject,
        path=finding.path or None,
        evidence=tuple(_evidence(finding, causes)),
        at_length=_AT_LENGTH,
        danger=danger_of(finding),
        sides=_sides(finding),
    )


def _code(finding: Finding) -> Code:
    if finding.code:
        return finding.code
    if finding.kind is FindingKind.UNKNOWN:
        if finding.found_in is FoundIn.NODE:
            return codes.NODES_UNSEEN
        return codes.UNDECIDED if finding.path else codes.OBJECTS_UNSEEN
    if finding.found_in is FoundIn.NODE and finding.path:
        return codes.NODE_TAINT if finding.path.startswith("spec.taints") else codes.NODE_LABEL
    return _CODES[finding.kind]


def _message(finding: Finding) -> str:
    if (inner := len(_inner(finding))) and finding.kind is FindingKind.MODIFIED:
        by = f"; written by {finding.writer}" if finding.writer else ""
        return f"{finding.subject}: {finding.path} has {counted(inner, 'difference')}{by}"
    if finding.statement:
        return f"{finding.subject} {finding.statement}" + (f"; written by {finding.writer}" if finding.writer else "")
    return _MESSAGES[_sentence(finding)].format(
        what=f"{finding.subject}: {finding.path}" if finding.path else finding.subject,
        live=shown(finding, finding.live, _LONGEST_IN_MESSAGE),
        declared=shown(finding, finding.declared, _LONGEST_IN_MESSAGE),
        by=f"; written by {finding.writer}" if finding.writer else "",
        owner=str(finding.writer) if finding.writer else "no field manager",
    )


def _sentence(finding: Finding) -> str:
    if finding.kind is FindingKind.UNKNOWN and not finding.path:
        return "unseen"
    return finding.kind.value


def _label(finding: Finding) -> str:
    if _inner(finding):
        return "the cluster has another value"
    match finding.kind:
        case FindingKind.MODIFIED | FindingKind.UNKNOWN if finding.path:
            return f"the cluster has {shown(finding, finding.live)}"
        case FindingKind.MISSING:
            return "declared here"
        case FindingKind.REMOVED:
            return "not in the cluster"
    return ""


def _notes(finding: Finding) -> Iterator[Note]:
    yield from finding.remarks
    yield from _inner_differences(finding)
    if finding.origin is None:
        return
    for source in finding.origin.sources:
        if source.layer in _SHOWN_LAYERS and source is not finding.origin.line:
            yield Note(f"{source.path} of {source.layer} contributed", source.span)
    if finding.origin.sources and finding.origin.template != finding.origin.place:
        yield Note("rendered here", finding.origin.template)


def _inner(finding: Finding) -> list[tuple[str, Any, Any]]:
    """Differences inside a list or map that is owned, and therefore reported, as a whole: path, declared, live."""
    both = isinstance(finding.declared, Mapping | list) and isinstance(finding.live, Mapping | list)
    if not both or _is_secret(finding):
        return []
    return [
        (format_path(path, finding.live if now is not ABSENT else finding.declared), was, now)
        for path, was, now in differences(finding.declared, finding.live)
        if path not in finding.filled
    ]


def _inner_differences(finding: Finding) -> Iterator[Note]:
    inner = _inner(finding)
    for path, was, now in inner[:_DIFFERENCES_SHOWN]:
        yield Note(f"{path}: declared {shown(finding, was)}, live {shown(finding, now)}")
    if len(inner) > _DIFFERENCES_SHOWN:
        yield Note(f"and {len(inner) - _DIFFERENCES_SHOWN} more differences inside it")


def _sides(finding: Finding) -> tuple[str, str] | None:
    """Both values as YAML, if one of them is a map or list; never the contents of a Secret."""
    values = [finding.declared, finding.live]
    if not any(isinstance(value, Mapping | list) for value in values) or _is_secret(finding):
        return None
    declared, live = ("" if value is ABSENT else readable(value) for value in values)
    return declared, live


def _evidence(finding: Finding, causes: Counter[str]) -> Iterator[tuple[str, str]]:
    yield "class", finding.kind.value
    if finding.declared is not ABSENT:
        yield "declared", shown(finding, finding.declared)
    if finding.live is not ABSENT:
        yield "live", shown(finding, finding.live)
    if finding.origin and (line := finding.origin.line):
        yield "from", f"{line.span} {line.path}".rstrip()
        yield "layer", line.layer
        others = (source for source in finding.origin.sources if source is not line)
        if also := [source.path for source in others if source.layer not in _SHOWN_LAYERS]:
            yield "also decides", ", ".join(also)
    if finding.origin and finding.found_in is FoundIn.LIVE:
        yield "template", str(finding.origin.template)
    yield from _writer(finding)
    yield from (("restarts", text) for text in restarts_of(finding))
    if (cause := cause_of(finding)) and causes[cause] > 1:
        yield "cause", f"{cause}: {causes[cause]} findings"
    yield from finding.seen
    yield "station", finding.found_in.value


def _writer(finding: Finding) -> Iterator[tuple[str, str]]:
    if writer := finding.writer:
        yield "writer", writer.manager
        yield "operation", writer.operation
        if writer.subresource:
            yield "subresource", writer.subresource
        yield "since", writer.time or "unknown"
    elif finding.kind in {FindingKind.REMOVED, FindingKind.MODIFIED, FindingKind.FOREIGN_ADDITION}:
        yield "writer", "unknown (not recorded)"


def shown(finding: Finding, value: Any, longest: int = _LONGEST) -> str:
    """A value on one line, maps and lists truncated to `longest`; never the contents of a Secret."""
    if value is ABSENT:
        return "(absent)"
    if _is_secret(finding):
        return HIDDEN if value is finding.declared else HIDDEN_DIFFERENT
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    longest = longest if isinstance(value, Mapping | list) else _LONGEST
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _is_secret(finding: Finding) -> bool:
    return is_secret_subject(finding.subject) and is_confidential_field(finding.path)
