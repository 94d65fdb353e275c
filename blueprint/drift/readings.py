"""Scope `nodes`: checks the readings of nodes against the expectations of their pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.diagnostics import Diagnostic, Note, Refused
from blueprint.drift import codes
from blueprint.drift.model import FoundIn, ScopeResult
from blueprint.drift.nodes import pools_of
from blueprint.drift.pool_checks import Outcomes, add_outcomes, pool_checks
from blueprint.drift.reading_trust import TOO_OLD, ReadingClock, boots_of, of_the_future, outdated, shared
from blueprint.drift.view import Unseen, View
from blueprint.probe.codes import READING_UNOPENABLE
from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import judge
from blueprint.probe.observations import ObservedNode
from blueprint.probe.reading import Reading
from blueprint.probe.reading_file import read_reading
from blueprint.probe.verdicts import Result, Verdict
from blueprint.records import Record, replace
from blueprint.report.model import Coverage
from blueprint.wording import counted

SCOPE = "nodes"
OLD = timedelta(days=1)
"""The age above which a reading is reported."""
_SHOWN = 5
"""The maximum number of nodes without a reading that are named per pool."""

Placed = dict[str, str]
"""The pool of each node, by the node's name."""


def load_readings(folder: Path) -> tuple[list[Reading], list[Diagnostic]]:
    """All readings in a folder, one JSON file each, and diagnostics about files that are not readings.

    Raises Refused: the folder cannot be read, or contains no JSON file.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except OSError as error:
        text = f"the readings in {folder} cannot be read: {error.strerror}"
        raise Refused(Diagnostic(codes.NO_READINGS, text), exit_code=2) from None
    if not files:
        text = f"there is no reading (*.json) in {folder}"
        raise Refused(Diagnostic(codes.NO_READINGS, text), exit_code=2)
    readings: list[Reading] = []
    problems: list[Diagnostic] = []
    for file in files:
        try:
            readings.append(read_reading(file))
        except Refused as refused:
            problems += refused.diagnostics
    return readings, problems


def examine_readings(
    bundle: Bundle, view: View | None, folder: Path, now: datetime | None = None, oldest: timedelta = TOO_OLD
) -> ScopeResult:
    """Check all readings against their node's pool. A node of a GPU pool is unknown if it has no reading, or one that
    is older than `oldest`, from the future, or from another boot. A file that is not a reading is a finding.

    Raises Refused: there are no readings.
    """
    readings, problems = load_readings(folder)
    here = ReadingClock(now or datetime.now(UTC), oldest, boots_of(view))
    usable, future = of_the_future(readings, here)
    youngest, twice = _one_per_node(usable)
    placed, lost = _places(bundle, view, youngest)
    copied = list(shared(youngest))
    strays = [reading for reading in youngest if reading.node not in placed]
    judged = _judge_all(bundle, [reading for reading in youngest if reading.node in placed], placed, here)
    silent = list(_silent_pools(bundle, placed, {reading.node for reading in readings}))
    unknown = len(future) + judged.unknown + sum(pool.number for pool in silent)
    reason = "not every node of a GPU pool has a reading that could be judged" if unknown else ""
    of_nodes = len(youngest) - len(strays)
    coverage = [Coverage(SCOPE, of_nodes, unknown, reason)]
    if useless := len(strays) + len(problems):
        coverage.append(Coverage("readings", of_nodes, useless, "unreadable, or of nodes outside all pools"))
    unplaced = (_unplaced(reading, lost) for reading in strays)
    diagnostics = (*problems, *twice, *copied, *future, *unplaced, *judged.found, *map(_missing, silent))
    unread = Counter(judged.unjudged)
    unread.update({pool.pool.name: pool.number for pool in silent})
    unread.update(placed[node] for node in {r.node for r in readings} - {r.node for r in youngest} if node in placed)
    broken = any(each.code is not READING_UNOPENABLE for each in problems)
    failed = bool(judged.refuted or copied or broken)
    checks = pool_checks(bundle.expectations, judged.results, unread)
    return ScopeResult(tuple(coverage), (), diagnostics, failed=failed, refuted=judged.refuted, checks=checks)


class _Judged(Record):
    """The results of readings: all diagnostics, failed checks by node, and the number of inconclusive ones.

    `results` are the outcomes of nodes by pool and check; `unjudged` counts nodes whose reading proves nothing.
    """

    found: list[Diagnostic]
    refuted: dict[str, int]
    unknown: int
    results: Outcomes
    unjudged: Counter[str]


def _judge_all(bundle: Bundle, readings: list[Reading], placed: Placed, here: ReadingClock) -> _Judged:
    """Check the readings of nodes whose pool is known."""
    found: list[Diagnostic] = []
    refuted: dict[str, int] = {}
    unknown = 0
    outcomes: Outcomes = {}
    unjudged: Counter[str] = Counter()
    for reading in readings:
        pool = placed[reading.node]
        if doubt := outdated(reading, here):
            unknown += 1
            unjudged[pool] += 1
            found.append(doubt)
            continue
        on_node, verdicts = _judge(bundle, reading, pool)
        found += [*on_node, *_age(reading, here.time)]
        add_outcomes(outcomes, pool, verdicts)
        results = [verdict.result for verdict in verdicts]
        if failures := results.count(Result.FAIL):
            refuted[reading.node] = failures
        unknown += Result.UNKNOWN in results and not failures
    return _Judged(found, refuted, unknown, outcomes, unjudged)


def _judge(bundle: Bundle, reading: Reading, pool: str) -> tuple[Iterator[Diagnostic], list[Verdict]]:
    """The diagnostics about one node, each of which names it, and the verdicts of all checks."""
    verdicts = judge(reading, [e for e in bundle.expectations if e.pool == pool])
    seen = (("pool", pool), ("station", FoundIn.READING.value))
    diagnostics = (replace(each, evidence=(*each.evidence, *seen)) for each in diagnostics_of(verdicts, reading))
    return diagnostics, verdicts


def _one_per_node(readings: Iterable[Reading]) -> tuple[list[Reading], list[Diagnostic]]:
    """The newest reading of each node. Different readings with the same time are all kept, so that none conceals
    another.
    """
    youngest: dict[str, list[Reading]] = {}
    twice: list[Diagnostic] = []
    for reading in sorted(readings, key=lambda each: each.taken):
        previous = youngest.setdefault(reading.node, [])
        if previous:
            text = f"Node/{reading.node} has two readings, of {previous[-1].time} and of {reading.time}"
            twice.append(Diagnostic(codes.READING_TWICE, text, subject=f"Node/{reading.node}"))
        youngest[reading.node] = [each for each in previous if each.taken == reading.taken and each != reading] + [
            reading
        ]
    return [reading for node in sorted(youngest) for reading in youngest[node]], twice


def _places(bundle: Bundle, view: View | None, readings: list[Reading]) -> tuple[Placed, str]:
    """The pool of each node, by its live labels; without a cluster, only if there is a single GPU pool."""
    why = "without a cluster, its labels are unknown"
    try:
        if view is not None:
            return _by_labels(bundle, view), "no selector of a pool matches it, or it is not in the cluster"
    except Unseen as unseen:
        why = f"the nodes could not be listed: {unseen}"
    with_gpus = [pool.name for pool in bundle.pools if pool.gpu_count]
    if len(with_gpus) == 1:
        mine = (reading.node for reading in readings if len(bundle.pools) == 1 or _has_gpus(reading))
        return dict.fromkeys(mine, with_gpus[0]), why
    return {}, why


def _has_gpus(reading: Reading) -> bool:
    """Whether a node has any GPU: one without may belong to a pool without GPUs."""
    return bool(reading.pci.functions or ObservedNode(reading).count.value)


def _by_labels(bundle: Bundle, view: View) -> Placed:
    matched = [(node["metadata"]["name"], pools_of(node, bundle.pools)) for node in view.nodes()]
    return {name: pools[0].name for name, pools in matched if len(pools) == 1}


def _unplaced(reading: Reading, why: str) -> Diagnostic:
    text = f"Node/{reading.node} has a reading, but belongs to no pool: {why}"
    return Diagnostic(codes.READING_UNPLACED, text, subject=f"Node/{reading.node}")


def _age(reading: Reading, now: datetime) -> Iterator[Diagnostic]:
    age = now - reading.taken
    if age > OLD:
        text = f"the reading of Node/{reading.node} is {counted(age.days, 'day')} old ({reading.time})"
        yield Diagnostic(codes.READING_OLD, text, subject=f"Node/{reading.node}")


class _Silent(Record):
    """The nodes of a GPU pool without a reading: those in the cluster by name, missing ones by number."""

    pool: BundlePool
    names: tuple[str, ...]
    absent: int
    there: int

    @property
    def number(self) -> int:
        """The number of nodes without a reading."""
        return len(self.names) + self.absent


def _silent_pools(bundle: Bundle, placed: Placed, read: set[str]) -> Iterator[_Silent]:
    """Declared GPU nodes that are not even in the cluster cannot have a reading."""
    for pool in bundle.pools:
        if pool.gpu_count:
            there = sorted(node for node, name in placed.items() if name == pool.name)
            names = tuple(node for node in there if node not in read)
            silent = _Silent(pool, names, max(0, pool.nodes_min - len(there)), len(there))
            if silent.number:
                yield silent


def _missing(silent: _Silent) -> Diagnostic:
    pool, names = silent.pool, silent.names
    which = [*names[:_SHOWN], *([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])]
    if silent.absent:
        which.append(f"{silent.absent} that {'is' if silent.absent == 1 else 'are'} not in the cluster")
    total = silent.there + silent.absent
    have = "node of pool {} has" if total == 1 else "nodes of pool {} have"
    text = f"{silent.number} of {total} {have.format(pool.name)} no reading: {_listed(which)}"
    one = names[0] if len(names) == 1 else "NODE"
    return Diagnostic(
        codes.READING_MISSING,
        text,
        at=pool.span("gpu", "nodes"),
        notes=(Note(f"pool {pool.name} declares GPUs"),),
        help=f"run `blueprint probe -o {one}.json` on each node, and add the file to the folder"
        if names
        else "find out why these nodes are missing",
        subject=f"Node/{names[0]}" if len(names) == silent.number == 1 else f"NodePool/{pool.name}",
        evidence=(("pool", pool.name), ("missing", str(silent.number))),
    )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
