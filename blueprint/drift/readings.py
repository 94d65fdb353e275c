"""Scope `nodes`: what the GPUs of the nodes say, judged by what the blueprint expects of their pool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Note, Refused
from blueprint.drift import codes
from blueprint.drift.model import Part, Station
from blueprint.drift.nodes import pools_of
from blueprint.drift.reading_trust import TOO_OLD, Now, boots_of, of_the_future, outdated, shared
from blueprint.drift.view import Unseen, View
from blueprint.probe import Reading, Result, diagnostics_of, judge, read_reading
from blueprint.probe.codes import READING_UNOPENABLE
from blueprint.render.model import Bundle
from blueprint.report.model import Coverage

SCOPE = "nodes"
OLD = timedelta(days=1)
"""A reading older than this is pointed out."""

Placed = dict[str, str]
"""The pool of each node, by the node's name."""


def load_readings(folder: Path) -> tuple[list[Reading], list[Diagnostic]]:
    """Every reading in a folder, one JSON file each, and what is wrong with files that are none.

    Raises Refused: the folder cannot be read, or holds no JSON file.
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
) -> Part:
    """Judge every reading by its node's pool. A node of a GPU pool without a reading is unknown, and so is one whose
    reading is older than `oldest`, of the future, or of another boot. A file that is no reading is a finding.

    Raises Refused: there are no readings.
    """
    readings, problems = load_readings(folder)
    here = Now(now or datetime.now(UTC), oldest, boots_of(view))
    usable, future = of_the_future(readings, here)
    youngest, twice = _one_per_node(usable)
    placed, lost = _places(bundle, view, youngest)
    copied = list(shared(youngest))
    found: list[Diagnostic] = [*copied, *future]
    failed = bool(copied) or any(each.code is not READING_UNOPENABLE for each in problems)
    unknown = len(problems) + len(future)
    for reading in youngest:
        if reading.node not in placed:
            unknown += 1
            found.append(_unplaced(reading, lost))
            continue
        if doubt := outdated(reading, here):
            unknown += 1
            found.append(doubt)
            continue
        told, results = _judged(bundle, reading, placed[reading.node])
        found += [*told, *_age(reading, here.time)]
        failed = failed or Result.FAIL in results
        unknown += Result.UNKNOWN in results and Result.FAIL not in results
    silent = list(_silent(bundle, placed, {reading.node for reading in readings}))
    unknown += len(silent) + _undeclared_absentees(bundle, placed)
    examined = len({reading.node for reading in youngest if reading.node in placed})
    reason = "not every node of a GPU pool has a reading that could be judged" if unknown else ""
    diagnostics = (*problems, *twice, *found, *silent)
    return Part((Coverage(SCOPE, examined, unknown, reason),), (), diagnostics, failed=failed)


def _judged(bundle: Bundle, reading: Reading, pool: str) -> tuple[Iterator[Diagnostic], set[Result]]:
    verdicts = judge(reading, [e for e in bundle.expectations if e.pool == pool])
    seen = (("pool", pool), ("station", Station.READING.value))
    told = (replace(d, evidence=(*d.evidence, *seen)) for d in diagnostics_of(verdicts, reading))
    return told, {verdict.result for verdict in verdicts}


def _one_per_node(readings: Iterable[Reading]) -> tuple[list[Reading], list[Diagnostic]]:
    """The youngest of each node; of one moment all that differ, so that none of them hides what another shows."""
    youngest: dict[str, list[Reading]] = {}
    twice: list[Diagnostic] = []
    for reading in sorted(readings, key=lambda each: each.taken):
        kept = youngest.setdefault(reading.node, [])
        if kept:
            text = f"Node/{reading.node} has two readings, of {kept[-1].time} and of {reading.time}"
            twice.append(Diagnostic(codes.READING_TWICE, text, subject=f"Node/{reading.node}"))
        youngest[reading.node] = [each for each in kept if each.taken == reading.taken and each != reading] + [reading]
    return [reading for node in sorted(youngest) for reading in youngest[node]], twice


def _places(bundle: Bundle, view: View | None, readings: list[Reading]) -> tuple[Placed, str]:
    """Node to pool by the live labels; without a cluster only where there is but one pool with GPUs."""
    why = "there is no cluster to ask for its labels"
    try:
        if view is not None:
            return _by_labels(bundle, view), "no selector of a pool matches it, or it is not in the cluster"
    except Unseen as unseen:
        why = f"the nodes could not be listed: {unseen}"
    with_gpus = [pool.name for pool in bundle.pools if pool.gpu_count]
    if len(with_gpus) == 1:
        return dict.fromkeys((reading.node for reading in readings), with_gpus[0]), ""
    return {}, why


def _by_labels(bundle: Bundle, view: View) -> Placed:
    matched = [(node["metadata"]["name"], pools_of(node, bundle.pools)) for node in view.nodes()]
    return {name: pools[0].name for name, pools in matched if len(pools) == 1}


def _unplaced(reading: Reading, why: str) -> Diagnostic:
    text = f"Node/{reading.node} has a reading, but belongs to no pool: {why}"
    return Diagnostic(codes.READING_UNPLACED, text, subject=f"Node/{reading.node}")


def _age(reading: Reading, now: datetime) -> Iterator[Diagnostic]:
    age = now - reading.taken
    if age > OLD:
        text = f"the reading of Node/{reading.node} is from {reading.time}, {age.days} days before this run"
        yield Diagnostic(codes.READING_OLD, text, subject=f"Node/{reading.node}")


def _silent(bundle: Bundle, placed: Placed, read: set[str]) -> Iterator[Diagnostic]:
    """Nodes that are there, in a pool with GPUs, and nobody read."""
    with_gpus = {pool.name: pool for pool in bundle.pools if pool.gpu_count}
    for node, name in sorted(placed.items()):
        if name in with_gpus and node not in read:
            sources = with_gpus[name].sources.get("gpu") or with_gpus[name].sources.get("nodes") or ()
            yield Diagnostic(
                codes.READING_MISSING,
                f"Node/{node} of pool {name} has no reading: its GPUs were not looked at",
                at=sources[0].span if sources else None,
                notes=(Note(f"pool {name} declares GPUs"),),
                help=f"run `blueprint probe -o {node}.json` there and add the file",
                subject=f"Node/{node}",
            )


def _undeclared_absentees(bundle: Bundle, placed: Placed) -> int:
    """Declared nodes with GPUs that are not even in the cluster cannot have been read."""
    per_pool = {p.name: p.nodes_min for p in bundle.pools if p.gpu_count}
    there = {name: sum(1 for pool in placed.values() if pool == name) for name in per_pool}
    return sum(max(0, wanted - there[name]) for name, wanted in per_pool.items())
