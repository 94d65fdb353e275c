"""What drift is made of: findings, writers; and what one comparison of a cluster came to."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin, Path
from blueprint.changes.compare import ABSENT
from blueprint.diagnostics import Code, Diagnostic, Note
from blueprint.records import Record, field
from blueprint.report.model import Coverage, IgnoredDifference, PoolCheck


class FindingKind(enum.StrEnum):
    """What became of a thing that the bundle declares, or what is there that it does not declare."""

    MISSING = "missing"
    MODIFIED = "modified"
    REMOVED = "removed"
    FOREIGN_ADDITION = "foreign-addition"
    OWNERSHIP_LOST = "ownership-lost"
    REORDERED = "reordered"
    REPLACED = "replaced"
    ORPHANED = "orphaned"
    COPIED = "copied-label"
    TERMINATING = "terminating"
    POOL_SIZE = "pool-size"
    SHARED_NODE = "node-of-two-pools"
    LEFT = "left-its-pool"
    IN_TRANSITION = "in-transition"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Remedy(enum.StrEnum):
    """What ends a finding."""

    APPLY = "an apply restores it"
    REMOVE = "remove what was added, or declare it"
    NODES = "add, remove or label nodes"
    REPAIR = "repair what does not work"
    WAIT = "a controller is working on it"


_REMEDIES = {
    FindingKind.FOREIGN_ADDITION: Remedy.REMOVE,
    FindingKind.ORPHANED: Remedy.REMOVE,
    FindingKind.COPIED: Remedy.REMOVE,
    FindingKind.TERMINATING: Remedy.WAIT,
    FindingKind.POOL_SIZE: Remedy.NODES,
    FindingKind.SHARED_NODE: Remedy.NODES,
    FindingKind.LEFT: Remedy.NODES,
    FindingKind.IN_TRANSITION: Remedy.WAIT,
    FindingKind.FAILED: Remedy.REPAIR,
}
"""What ends findings of a kind; an apply ends the others."""


class FoundIn(enum.StrEnum):
    """Where on the way from the blueprint to the GPU something is not as declared."""

    RENDERED = "rendered file"
    LOCK = "lock"
    LIVE = "live object"
    NODE = "node"
    READING = "node reading"


class Writer(Record):
    """Who owns a live field, as the API server recorded it. `time` is RFC 3339 in UTC."""

    manager: str
    operation: str
    subresource: str
    time: str

    def __str__(self) -> str:
        through = f", subresource {self.subresource}" if self.subresource else ""
        return f'"{self.manager}" ({self.operation}{through})'


class Finding(Record):
    """One thing that is not as declared.

    Attributes:
        kind: What happened.
        subject: `Kind/[namespace/]name`.
        path: The field as people write it (`spec.template.spec.containers[name=spy].image`); empty where
            the whole object is meant.
        declared: The value in the bundle; ABSENT where it says nothing.
        live: The value in the cluster; ABSENT where there is none.
        writer: Who wrote the live value; None where the API keeps no trace (a removal, a deletion).
        origin: The template and blueprint lines that the live state contradicts.
        found_in: Where on the way from the blueprint to the GPU it shows.
        seen: Further facts of the live object (uid, resourceVersion, ...), as ordered pairs.
        remarks: Sentences for people.
        filled: Places inside the live value that the server filled in, as paths from there.
        code: The code it is told under; None where its kind decides.
        statement: What is to be said of the subject, for findings that are about no value: `is cordoned`.
        help: What to do, where its kind does not decide.
        ended_by: What ends it; None where its kind decides. Read `remedy`.
        passing: Whether it is a regular part of how nodes come and go, and so told but no drift.
        commands: What undoes it, as it is typed; empty where no command does.
        contest: Whether a plain apply meets a conflict here, where that was looked at.
    """

    kind: FindingKind
    subject: str
    path: str = ""
    declared: Any = ABSENT
    live: Any = ABSENT
    writer: Writer | None = None
    origin: FieldOrigin | None = None
    found_in: FoundIn = FoundIn.LIVE
    seen: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Note, ...] = ()
    filled: frozenset[Path] = frozenset()
    code: Code | None = None
    statement: str = ""
    help: str | None = None
    ended_by: Remedy | None = None
    passing: bool = False
    commands: tuple[str, ...] = ()
    contest: bool | None = None

    @property
    def remedy(self) -> Remedy:
        """What ends it: what was looked at for this one, else what usually ends findings of its kind."""
        if self.ended_by:
            return self.ended_by
        if self.commands:
            return Remedy.APPLY if self.commands[0].startswith("blueprint apply") else Remedy.REMOVE
        usual = _REMEDIES.get(self.kind, Remedy.APPLY)
        looked_at = self.found_in is FoundIn.LIVE and self.help is not None
        return Remedy.REPAIR if looked_at and usual is Remedy.APPLY else usual

    @property
    def restorable(self) -> bool:
        """Whether an apply of the bundle ends it. What is unknown is no finding that anything ends."""
        return self.remedy is Remedy.APPLY and self.kind is not FindingKind.UNKNOWN

    @property
    def is_drift(self) -> bool:
        """Whether it contradicts the bundle."""
        return self.kind is not FindingKind.UNKNOWN and not self.passing

    @property
    def contested(self) -> bool:
        """Whether somebody else owns the live value: then `apply` takes it over only when told to.

        Taints belong to the list as a whole, which nobody owns by element: an apply always sets ours.
        """
        if self.contest is not None:
            return self.contest
        taint = self.found_in is FoundIn.NODE and self.path.startswith("spec.taints")
        ours = self.declared is ABSENT  # what nobody else owns any part of, and an apply takes back
        theirs = self.kind is FindingKind.MODIFIED and self.writer is not None
        return self.restorable and theirs and not (taint or ours)


APPLY, TAKE_OVER = "`blueprint apply`", "`blueprint apply --force-conflicts`"
"""What restores a value that nobody else owns, and one that somebody does."""


def cause_of(finding: Finding) -> str:
    """What findings that one act brought about have in common: the writer and the second; empty if unknown."""
    if finding.writer is None or not finding.writer.time:
        return ""
    return f"{finding.writer} at {finding.writer.time}"


def act_of(finding: Finding) -> tuple[str, ...]:
    """What tells one write from another: the object, the writer and the second. Two objects cannot be written at once.

    Where no writer is recorded, each object and kind of finding counts as one.
    """
    return (finding.subject, cause_of(finding) or finding.kind)


def facts(live: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What identifies the state of a live object."""
    meta = live["metadata"]
    return tuple((key, str(meta[key])) for key in ("uid", "resourceVersion") if key in meta)


class ScopeResult(Record):
    """What one scope came to.

    `diagnostics` is what is told beside `findings`; `failed` says that something among it contradicts the
    bundle. `left_out` are differences that are no drift; `refuted` counts what readings contradict, by node;
    `simulated` names what was not judged, since no kubelet has ever reported where it would show. `subject` is what
    the report says of what it compared. `checks` is what the checks of readings came to, by pool.
    """

    coverage: tuple[Coverage, ...]
    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    left_out: tuple[IgnoredDifference, ...] = ()
    failed: bool = False
    refuted: Mapping[str, int] = field(default_factory=dict)
    simulated: tuple[str, ...] = ()
    subject: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[PoolCheck, ...] = ()


class DriftReport(Record):
    """What a look at a cluster came to.

    `diagnostics` tell `findings` and whatever else was noticed. `left_out` are the differences that are no
    drift. `failed` says whether anything contradicts the bundle. `refuted` counts what readings contradict, by node.
    """

    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    left_out: tuple[IgnoredDifference, ...] = ()
    subject: Mapping[str, str] = field(default_factory=dict)
    failed: bool = False
    refuted: Mapping[str, int] = field(default_factory=dict)
    simulated: tuple[str, ...] = ()
    checks: tuple[PoolCheck, ...] = ()

    @property
    def unknown(self) -> int:
        """How many things were requested and could not be seen."""
        return sum(part.unknown for part in self.coverage)

    @property
    def exit_code(self) -> int:
        """2 if nothing at all could be looked at, 1 with a finding, 3 if something is unknown, else 0."""
        if self.failed:
            return 1
        if not self.unknown:
            return 0
        return 3 if any(part.examined for part in self.coverage) else 2
