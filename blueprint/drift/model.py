"""The model of drift: findings, writers, and the result of a comparison."""

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
    """The type of a difference: what happened to a declared object or field, or the type of an undeclared one."""

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
    """The action that resolves a finding."""

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
"""The remedy for kinds of findings that an apply does not resolve."""


class FoundIn(enum.StrEnum):
    """The place of a difference, between the blueprint and the GPU."""

    RENDERED = "rendered file"
    LOCK = "lock"
    LIVE = "live object"
    NODE = "node"
    READING = "node reading"


class Writer(Record):
    """The owner of a live field, as recorded by the API server. `time` is RFC 3339 in UTC."""

    manager: str
    operation: str
    subresource: str
    time: str

    def __str__(self) -> str:
        through = f", subresource {self.subresource}" if self.subresource else ""
        return f'"{self.manager}" ({self.operation}{through})'


class Finding(Record):
    """One difference from the declaration.

    Attributes:
        kind: What happened.
        subject: `Kind/[namespace/]name`.
        path: The field in readable form (`spec.template.spec.containers[name=spy].image`); empty for the whole object.
        declared: The value in the bundle; ABSENT if it has none.
        live: The value in the cluster; ABSENT if there is none.
        writer: The writer of the live value; None if the API keeps no record (a removal, a deletion).
        origin: The template and blueprint lines that the live state contradicts.
        found_in: Where it was found, between the blueprint and the GPU.
        seen: Further facts about the live object (uid, resourceVersion, ...), as ordered pairs.
        remarks: Sentences for users.
        filled: Fields inside the live value that the server added, as relative paths.
        code: The diagnostic code; None if its kind determines it.
        statement: The statement about the subject, for findings without a value: `is cordoned`.
        help: What to do, if its kind does not determine it.
        ended_by: What resolves it; None if its kind determines it. Read `remedy` instead.
        passing: Whether it is a normal part of node replacement, and therefore reported, but not as drift.
        commands: The commands that undo it, exactly as they are typed; empty if there are none.
        contest: Whether a plain apply causes a conflict here, if that was determined.
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
        """The action that resolves it: the remedy determined for this finding, otherwise the usual one for its kind."""
        if self.ended_by:
            return self.ended_by
        if self.commands:
            return Remedy.APPLY if self.commands[0].startswith("blueprint apply") else Remedy.REMOVE
        usual = _REMEDIES.get(self.kind, Remedy.APPLY)
        looked_at = self.found_in is FoundIn.LIVE and self.help is not None
        return Remedy.REPAIR if looked_at and usual is Remedy.APPLY else usual

    @property
    def restorable(self) -> bool:
        """Whether an apply of the bundle resolves it. Unknown findings cannot be resolved."""
        return self.remedy is Remedy.APPLY and self.kind is not FindingKind.UNKNOWN

    @property
    def is_drift(self) -> bool:
        """Whether it contradicts the bundle."""
        return self.kind is not FindingKind.UNKNOWN and not self.passing

    @property
    def contested(self) -> bool:
        """Whether another manager owns the live value: then `apply` takes it over only with --force-conflicts.

        Taints belong to the list as a whole, which has no owners of single elements: an apply always sets ours.
        """
        if self.contest is not None:
            return self.contest
        taint = self.found_in is FoundIn.NODE and self.path.startswith("spec.taints")
        ours = self.declared is ABSENT  # no part has another owner, and an apply removes it
        theirs = self.kind is FindingKind.MODIFIED and self.writer is not None
        return self.restorable and theirs and not (taint or ours)


APPLY, TAKE_OVER = "`blueprint apply`", "`blueprint apply --force-conflicts`"
"""The commands that restore a value without another owner, and one with another owner."""


def cause_of(finding: Finding) -> str:
    """The common cause of findings from one action: the writer and the second; empty if unknown."""
    if finding.writer is None or not finding.writer.time:
        return ""
    return f"{finding.writer} at {finding.writer.time}"


def act_of(finding: Finding) -> tuple[str, ...]:
    """A key for one write: the object, the writer and the second. Two objects cannot be written at once.

    If no writer is recorded, each object and kind of finding counts as one.
    """
    return (finding.subject, cause_of(finding) or finding.kind)


def facts(live: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Facts that identify the state of a live object."""
    meta = live["metadata"]
    return tuple((key, str(meta[key])) for key in ("uid", "resourceVersion") if key in meta)


class ScopeResult(Record):
    """The result of one scope.

    `diagnostics` are reported in addition to `findings`; `failed`: some of them contradict the bundle. `left_out` are
    differences that are not drift; `refuted` counts contradictions in readings, by node; `simulated` lists what was not
    checked, because no kubelet has ever reported there. `subject` identifies what was compared. `checks` are the
    results of checks on readings, by pool.
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
    """The result of a drift comparison.

    `diagnostics` cover `findings` and everything else. `left_out` are the differences that are not drift. `failed`:
    something contradicts the bundle. `refuted` counts contradictions in readings, by node.
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
        """The number of requested things that could not be examined."""
        return sum(part.unknown for part in self.coverage)

    @property
    def exit_code(self) -> int:
        """2 if nothing could be examined, 1 with a finding, 3 if something is unknown, otherwise 0."""
        if self.failed:
            return 1
        if not self.unknown:
            return 0
        return 3 if any(part.examined for part in self.coverage) else 2
