"""What one run of the tool found: the value that every report format tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from blueprint.bundle.model import Source
from blueprint.changes.compare import ObjectChange
from blueprint.diagnostics import Diagnostic
from blueprint.waivers.model import WaivedFinding


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at in one scope, and what was not. `unknown` counts things requested and not seen."""

    scope: str
    examined: int
    unknown: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportedImage:
    """One image that the platform pulls.

    `name` is the reference without tag and digest. `pulled_by` is `manifest` where a rendered pod names it, `operator`
    where `component` makes such pods later. `source` is the line that decides it, None where nobody wrote one.
    """

    ref: str
    name: str
    tag: str
    digest: str | None
    component: str
    pulled_by: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class IgnoredDifference:
    """A difference that counts as none, and why. `path` is empty where the whole object is meant.

    `writer` is who wrote it, empty where nobody is known.
    """

    subject: str
    path: str
    reason: str
    writer: str = ""


@dataclass(frozen=True, slots=True, order=True)
class SkippedRule:
    """A rule that did not run, and why: it is not selected, or what it needs to know is not known."""

    codes: tuple[str, ...]
    rule: str
    reason: str


Reassess = Callable[[Collection[int]], tuple[str, int]]
"""The verdict and the exit code without some of a run's diagnostics, which are given by their positions."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the question, what was found, what was not looked at, and the verdict.

    Attributes:
        verb: The command that ran.
        title: The question and its scope, in one line.
        diagnostics: Everything found, in any order; formats order it.
        platform: What the platform is beside its objects, part by part (`pool/train`), for `diff`.
        changes: Objects and fields, for `plan`, `apply` and `diff`.
        coverage: What was examined, scope by scope.
        not_asked: Scopes that were not part of the question; they leave the exit code alone.
        left_out: Differences that were seen and count as none, each with its reason.
        subject: Facts that identify the run's inputs: blueprint, bundle digest, context, server version.
        verdict: The last line: the answer, and what to do next.
        images: What the platform pulls, for `images`.
        exit_code: 0 done, 1 findings, 2 could not start, 3 unknown; computed by the phase that ran.
        waived: Findings that do not count, with the waiver of each; they are not among `diagnostics`.
        reassess: How waiving changes verdict and exit code; None where it does not.
        texts: The text behind files that spans name and the disk does not have (`--set`, git revisions); for
            excerpts only, no format tells it.
        skipped_rules: Rules that had something to look at and did not run.
    """

    verb: str
    title: str
    diagnostics: tuple[Diagnostic, ...] = ()
    changes: tuple[ObjectChange, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    subject: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    exit_code: int = 0
    left_out: tuple[IgnoredDifference, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    images: tuple[ReportedImage, ...] = ()
    platform: tuple[ObjectChange, ...] = ()
    skipped_rules: tuple[SkippedRule, ...] = ()
    waived: tuple[WaivedFinding, ...] = ()
    reassess: Reassess | None = field(default=None, repr=False, compare=False)
