"""Whether a reading represents the current state of its node: not from the future, not outdated, from this boot, from
this node.

Other readings are not checked, so that they neither prove nor refute anything: their nodes are unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from blueprint.diagnostics import Diagnostic
from blueprint.drift import codes
from blueprint.drift.view import Unseen, View
from blueprint.probe.observation import Observation
from blueprint.probe.observations import ObservedGpu, ObservedNode
from blueprint.probe.reading import Reading
from blueprint.records import Record
from blueprint.wording import counted

FUTURE = timedelta(minutes=5)
"""The tolerated clock difference between nodes."""
TOO_OLD = timedelta(days=30)
"""The default maximum age of a reading."""

_SHOWN = 3


class ReadingClock(Record):
    """The time of the run, the maximum age of a reading, and the boot ID of each node of the cluster by name."""

    time: datetime
    oldest: timedelta = TOO_OLD
    boots: Mapping[str, str] | None = None


def boots_of(view: View | None) -> dict[str, str]:
    """`status.nodeInfo.bootID` of all nodes that have one."""
    try:
        nodes: Iterable[Mapping[str, Any]] = view.nodes() if view else ()
    except Unseen:  # reported when the nodes' labels are read
        return {}
    info = ((node["metadata"]["name"], (node.get("status") or {}).get("nodeInfo") or {}) for node in nodes)
    return {name: str(fields["bootID"]).lower() for name, fields in info if fields.get("bootID")}


def of_the_future(readings: Iterable[Reading], now: ReadingClock) -> tuple[list[Reading], list[Diagnostic]]:
    """The readings that can have been taken by now, and diagnostics about the others, which must not supersede them."""
    usable: list[Reading] = []
    refused: list[Diagnostic] = []
    for reading in readings:
        if reading.taken <= now.time + FUTURE:
            usable.append(reading)
            continue
        text = f"the reading of Node/{reading.node} was ignored, because its time, {reading.time}, is in the future"
        help_ = "correct the clock of that machine, and take the reading again"
        refused.append(Diagnostic(codes.READING_FUTURE, text, help=help_, subject=f"Node/{reading.node}"))
    return usable, refused


def outdated(reading: Reading, now: ReadingClock) -> Diagnostic | None:
    """Why a reading does not represent the current state of its node; None if it may."""
    node, again = f"Node/{reading.node}", f"run `blueprint probe -o {reading.node}.json` there again"
    if (age := now.time - reading.taken) > now.oldest:
        text = (
            f"the reading of {node} is from {reading.time}, {counted(age.days, 'day')} ago, but at most "
            f"{now.oldest.days} are allowed"
        )
        return Diagnostic(codes.READING_TOO_OLD, text, help=again, subject=node)
    boot = (now.boots or {}).get(reading.node, "")
    if boot and reading.boot_id and boot != reading.boot_id.lower():
        text = f"{node} was rebooted after its reading of {reading.time}, or the reading is from another machine"
        evidence = (("boot of the node", boot), ("boot in the reading", reading.boot_id))
        return Diagnostic(codes.READING_OTHER_BOOT, text, help=again, subject=node, evidence=evidence)
    return None


def shared(readings: Iterable[Reading]) -> Iterator[Diagnostic]:
    """Identities that occur in readings of different nodes although only one node can have them: a GPU, a board, a boot
    ID.
    """
    every = list(readings)
    for what, identities in _WITNESSES.items():
        owners: dict[str, list[Reading]] = {}
        for reading in every:
            for identity in set(identities(reading)):
                owners.setdefault(identity, []).append(reading)
        pairs: dict[tuple[str, str], list[str]] = {}
        for identity, found in sorted(owners.items()):
            names = sorted({each.node for each in found})
            for name in names if len(names) > 1 else ():
                others = ", ".join(f"Node/{each}" for each in names if each != name)
                pairs.setdefault((name, others), []).append(identity)
        for (name, others), same in sorted(pairs.items()):
            yield _shared(name, others, what, same)


def _shared(name: str, others: str, what: str, same: list[str]) -> Diagnostic:
    many = f"{len(same)} {what}s" if len(same) > 1 else f"one {what}"
    shown = ", ".join(same[:_SHOWN]) + (", ..." if len(same) > _SHOWN else "")
    text = f"the reading of Node/{name} has {many} in common with the reading of {others}: {shown}"
    help_ = "take both readings again: one is a copy under another name, or a board was moved between the nodes"
    return Diagnostic(codes.READING_COPIED, text, help=help_, subject=f"Node/{name}")


def _uuids(reading: Reading) -> Iterator[str]:
    return _values(reading, lambda gpu: gpu.uuid)


def _serials(reading: Reading) -> Iterator[str]:
    """Serial numbers, except for those that are only zeros or not a number."""
    return (each for each in _values(reading, lambda gpu: gpu.serial) if each.strip("0") and each[:1].isdigit())


def _boots(reading: Reading) -> Iterator[str]:
    if reading.boot_id.strip("0-"):
        yield reading.boot_id.lower()


def _values(reading: Reading, fact: Callable[[ObservedGpu], Observation[str]]) -> Iterator[str]:
    return (value for gpu in ObservedNode(reading).gpus if (value := fact(gpu).value))


_WITNESSES: Mapping[str, Callable[[Reading], Iterator[str]]] = {
    "GPU": _uuids,
    "serial number": _serials,
    "boot id": _boots,
}
