"""The results of one run of the tool: the input of every report format."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from blueprint.bundle.model import ObjectId, Source
from blueprint.changes.compare import ObjectChange
from blueprint.diagnostics import Diagnostic
from blueprint.records import Record, field
from blueprint.waivers.model import WaivedFinding


class Coverage(Record):
    """The items of one scope that were examined, and those that were not. `unknown` counts requested things that could
    not be examined.
    """

    scope: str
    examined: int
    unknown: int = 0
    reason: str = ""


class ReportedImage(Record):
    """One image that the platform pulls.

    `name` is the reference without tag and digest. `pulled_by` is `manifest` if a rendered pod uses it, `operator` if
    `component` creates such pods later. `source` is the deciding line, None if no user wrote one.
    """

    ref: str
    name: str
    tag: str
    digest: str | None
    component: str
    pulled_by: str
    source: Source | None = None


class IgnoredDifference(Record):
    """A difference that does not count, and why. `path` is empty for the whole object.

    `writer` is its writer, empty if unknown.
    """

    subject: str
    path: str
    reason: str
    writer: str = ""


class SkippedRule(Record, order=True):
    """A rule that did not run, and why: it is not selected, or required facts are unknown."""

    codes: tuple[str, ...]
    rule: str
    reason: str


class PoolCheck(Record):
    """One check of readings in a pool: the number of nodes that are as expected, are not, and could not be checked."""

    pool: str
    check: str
    passed: int = 0
    failed: int = 0
    unknown: int = 0


class PlacedWorkload(Record):
    """The result for a workload in a lab. Everything placed there is simulated.

    Attributes:
        workload: Kind, namespace and name.
        requests: The request of each pod, in words.
        pods: The desired number of pods.
        nodes: The number of scheduled pods, by node.
        outcome: `placed`, `not placed`, `waits`, `refused` or `undecided`.
        expected: Whether this is the expected outcome.
        reasons: Why nodes do not fit, the closest first.
    """

    workload: str
    requests: str
    pods: int
    nodes: Mapping[str, int]
    outcome: str
    expected: bool
    reasons: tuple[str, ...] = ()


Reassess = Callable[[Collection[int]], tuple[str, int]]
"""Returns the verdict and the exit code without some of a run's diagnostics, given by index."""


class Run(Record):
    """One run: the question, the findings, what was not examined, and the verdict.

    Attributes:
        verb: The command that ran.
        title: The question and its scope, in one line.
        diagnostics: All findings, in any order; formats order them.
        platform: The parts of the platform besides its objects (`pool/train`), for `diff`.
        changes: Objects and fields, for `plan`, `apply` and `diff`.
        coverage: What was examined, scope by scope.
        not_asked: Scopes that were not requested; they do not affect the exit code.
        left_out: Differences that do not count, each with its reason.
        subject: Facts that identify the run's inputs: blueprint, bundle digest, context, server version.
        verdict: The last line: the answer, and what to do next.
        images: The images that the platform pulls, for `images`.
        exit_code: 0 done, 1 findings, 2 could not start, 3 unknown; computed by the phase that ran.
        waived: Findings that do not count, with their waivers; they are not in `diagnostics`.
        reassess: How waiving changes verdict and exit code; None if it does not.
        texts: The texts of files in spans that are not on disk (`--set`, git revisions); only for excerpts, not part of
            any format.
        skipped_rules: Rules that apply to some object but did not run.
        checks: The results of checks on readings, by pool and check.
        placements: The results for workloads, for `lab run`.
        on_screen: Objects in `changes` that plan or progress have already shown on the terminal; text omits them.
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
