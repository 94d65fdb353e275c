"""What one run of the tool found: the value that every report format tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from blueprint.bundle.model import ObjectId, Source
from blueprint.changes.compare import ObjectChange
from blueprint.diagnostics import Diagnostic
from blueprint.records import Record, field
from blueprint.waivers.model import WaivedFinding


class Coverage(Record):
    """What was looked at in one scope, and what was not. `unknown` counts things requested and not seen."""

    scope: str
    examined: int
    unknown: int = 0
    reason: str = ""


class ReportedImage(Record):
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


class IgnoredDifference(Record):
    """A difference that counts as none, and why. `path` is empty where the whole object is meant.

    `writer` is who wrote it, empty where nobody is known.
    """

    subject: str
    path: str
    reason: str
    writer: str = ""


class SkippedRule(Record, order=True):
    """A rule that did not run, and why: it is not selected, or what it needs to know is not known."""

    codes: tuple[str, ...]
    rule: str
    reason: str


class PoolCheck(Record):
    """One check of readings in a pool: how many nodes are as expected, are not, and could not be judged."""

    pool: str
    check: str
    passed: int = 0
    failed: int = 0
    unknown: int = 0


class PlacedWorkload(Record):
    """What became of a workload in a lab. Whatever is placed there is simulated.

    Attributes:
        workload: Kind, namespace and name.
        requests: What each pod asks for, in words.
        pods: How many pods there are to be.
        nodes: How many of them have a place, by node.
        outcome: `placed`, `not placed`, `waits`, `refused` or `undecided`.
        expected: Whether that is what should become of it.
        reasons: What speaks against nodes, the nearest first.
    """

    workload: str
    requests: str
    pods: int
    nodes: Mapping[str, int]
    outcome: str
    expected: bool
    reasons: tuple[str, ...] = ()


Reassess = Callable[[Collection[int]], tuple[str, int]]
"""The verdict and the exit code without some of a run's diagnostics, which are given by their positions."""


class Run(Record):
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
        checks: What the checks of readings came to, by pool and check.
        placements: What became of workloads, for `lab run`.
        on_screen: Objects of `changes` that plan or progress have shown; text on that terminal leaves them out.
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
    texts: Mapping[str, str] = field(default_factory=dict)
    images: tuple[ReportedImage, ...] = ()
    platform: tuple[ObjectChange, ...] = ()
    skipped_rules: tuple[SkippedRule, ...] = ()
    checks: tuple[PoolCheck, ...] = ()
    placements: tuple[PlacedWorkload, ...] = ()
    waived: tuple[WaivedFinding, ...] = ()
    reassess: Reassess | None = None
    on_screen: frozenset[ObjectId] = frozenset()
