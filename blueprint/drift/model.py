"""What drift is made of: findings, writers, stations; and what one comparison of a cluster came to."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprint.diagnostics import Diagnostic, Note
from blueprint.render.compare import ABSENT
from blueprint.render.model import FieldOrigin, Path
from blueprint.report.model import Coverage


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
    UNKNOWN = "unknown"


class Station(enum.StrEnum):
    """Where on the way from the blueprint to the GPU the chain broke."""

    RENDERED = "rendered file"
    LOCK = "lock"
    LIVE = "live object"
    NODE = "node"
    READING = "node reading"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who owns a live field, as the API server recorded it. `time` is RFC 3339 in UTC."""

    manager: str
    operation: str
    subresource: str
    time: str

    def __str__(self) -> str:
        through = f", subresource {self.subresource}" if self.subresource else ""
        return f'"{self.manager}" ({self.operation}{through})'


@dataclass(frozen=True, slots=True)
class Finding:
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
        station: Which station of the thread broke.
        seen: Further facts of the live object (uid, resourceVersion, ...), as ordered pairs.
        remarks: Sentences for people.
        filled: Places inside the live value that the server filled in, as paths from there.
        commands: What undoes it, as it is typed; empty where no command does.
        advice: The same in a sentence.
        contest: Whether a plain apply meets a conflict here, where that was looked at.
    """

    kind: FindingKind
    subject: str
    path: str = ""
    declared: Any = ABSENT
    live: Any = ABSENT
    writer: Writer | None = None
    origin: FieldOrigin | None = None
    station: Station = Station.LIVE
    seen: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Note, ...] = ()
    filled: frozenset[Path] = frozenset()
    commands: tuple[str, ...] = ()
    advice: str = ""
    contest: bool | None = None

    @property
    def contested(self) -> bool:
        """Whether somebody else owns the live value: then `apply` takes it over only when told to.

        Taints belong to the list as a whole, which nobody owns by element: an apply always sets ours.
        """
        if self.contest is not None:
            return self.contest
        taint = self.station is Station.NODE and self.path.startswith("spec.taints")
        ours = self.declared is ABSENT  # what nobody else owns any part of, and an apply takes back
        return self.kind is FindingKind.MODIFIED and self.writer is not None and not (taint or ours)


APPLY, TAKE_OVER = "`blueprint apply`", "`blueprint apply --force-conflicts`"
"""What restores a value that nobody else owns, and one that somebody does."""


def cause_of(finding: Finding) -> str:
    """What findings that one act brought about have in common: the writer and the second; empty if unknown."""
    if finding.writer is None or not finding.writer.time:
        return ""
    return f"{finding.writer} at {finding.writer.time}"


def facts(live: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What identifies the state of a live object."""
    meta = live["metadata"]
    return tuple((key, str(meta[key])) for key in ("uid", "resourceVersion") if key in meta)


@dataclass(frozen=True, slots=True)
class Part:
    """What one scope came to.

    `diagnostics` is what is told beside `findings`; `failed` says that something among it contradicts the
    bundle. `folded` counts differences that are no drift, by the reason why.
    """

    coverage: tuple[Coverage, ...]
    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    folded: Mapping[str, int] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a look at a cluster came to.

    `diagnostics` tell `findings` and whatever else was noticed. `folded` counts the differences that are no
    drift, by the reason why. `failed` says whether anything contradicts the bundle.
    """

    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    not_asked: tuple[str, ...] = ()
    folded: Mapping[str, int] = field(default_factory=dict)
    subject: Mapping[str, str] = field(default_factory=dict)
    failed: bool = False

    @property
    def unknown(self) -> int:
        """How many things were asked for and could not be seen."""
        return sum(part.unknown for part in self.coverage)

    @property
    def exit_code(self) -> int:
        """2 if nothing at all could be looked at, 1 with a finding, 3 if something is unknown, else 0."""
        if self.failed:
            return 1
        if not self.unknown:
            return 0
        return 3 if any(part.examined for part in self.coverage) else 2
