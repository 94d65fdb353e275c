"""The manager's decisions about workloads, as recorded in its objects."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.catalog.component_files.lab_programs import NodeRequests, QueueProgram
from blueprint.lab.queues.node_requests import answer
from blueprint.lab.trial.follow import owned_pods
from blueprint.lab.trial.requests import amount_in_words
from blueprint.records import Record
from blueprint.units import quantity_value
from blueprint.wording import joined

_STILL = 2.0
"""Seconds without any change after which a decision counts as final: the manager requeues after one second."""
_PAUSE = 0.2
Json = Mapping[str, Any]


class QueueDecision(Record):
    """The decision about one workload.

    Attributes:
        admitted: The number of admitted parts that are admitted together; most workloads have one.
        waits: The manager's message about each of the others.
        got: What it was given, by flavor and resource.
        tolerations: The tolerations that its flavors add to its pods.
    """

    admitted: int = 0
    waits: tuple[str, ...] = ()
    got: Mapping[tuple[str, str], Fraction] = {}
    tolerations: tuple[Json, ...] = ()

    def in_words(self) -> str:
        """`8 nvidia.com/gpu of train`, or what it waits for; both, if some of its pods wait."""
        flavors = dict.fromkeys(flavor for flavor, _ in self.got)
        amounts = [f"{joined(self._amounts(flavor))} of {flavor}" for flavor in flavors]
        admitted = f"admitted: {joined(amounts)}" if amounts else "admitted" if self.admitted else ""
        waits = (
            f"{len(self.waits)} waiting: {self.waits[0]}" if self.admitted and self.waits else "".join(self.waits[:1])
        )
        return "; ".join(filter(None, (admitted, waits)))

    def _amounts(self, flavor: str) -> list[str]:
        """The amounts that it got of a flavor, devices first."""
        found = {name: amount for (of, name), amount in self.got.items() if of == flavor}
        return [amount_in_words(name, found[name]) for name in sorted(found, key=lambda name: ("/" not in name, name))]


class Decisions:
    """Reads the manager's decisions about objects from the API server.

    `node_requests`: how it requests nodes, if it does; the lab accepts each request.
    """

    def __init__(
        self, program: QueueProgram, connection: Connection, node_requests: NodeRequests | None = None
    ) -> None:
        self._program = program
        self._connection = connection
        self._node_requests = node_requests

    def settled(self, roots: Sequence[Json], timeout: float) -> dict[str, QueueDecision]:
        """The decision about each root that a queue manages, by its uid, once all are decided or the time is up.

        Raises ApiError.
        """
        end, since, last = time.monotonic() + timeout, time.monotonic(), None
        while True:
            if self._node_requests:
                answer(self._node_requests, self._connection)
            workloads = self._workloads(roots)
            state = {uid: [*map(_state, found)] for uid, found in workloads.items()}
            now = time.monotonic()
            if state != last:
                since, last = now, state
            held = [root["metadata"]["uid"] for root in roots if (root.get("spec") or {}).get("suspend")]
            decided = all(map(_is_decided, _flat(workloads.values()))) and all(workloads[uid] for uid in held)
            if (decided and now - since >= _STILL) or now > end:
                return self._decisions(workloads)
            time.sleep(_PAUSE)

    def now(self, roots: Sequence[Json]) -> dict[str, QueueDecision]:
        """The current decisions. Raises ApiError."""
        return self._decisions(self._workloads(roots))

    def inactive(self, path: str, timeout: float) -> list[tuple[str, str]]:
        """The queues of a collection that do not become active in this time, each with the manager's message.

        Raises ApiError.
        """
        end = time.monotonic() + timeout
        while True:
            found = [each for each in self._connection.list(path) if _condition(each, "Active").get("status") != "True"]
            if not found or time.monotonic() > end:
                return [(_name(each), _not_active(each)) for each in found]
            time.sleep(_PAUSE)

    def left(self, timeout: float) -> list[str]:
        """The manager's workload objects that still exist after the timeout. Raises ApiError."""
        end = time.monotonic() + timeout
        while found := [_name(each) for each in self._connection.list(self._program.workloads)]:
            if time.monotonic() > end:
                break
            time.sleep(_PAUSE)
        return found

    def _workloads(self, roots: Sequence[Json]) -> dict[str, list[Json]]:
        """The manager's objects about each root, or about its pods."""
        _, chains = owned_pods(roots, self._connection)
        every = self._connection.list(self._program.workloads)
        return {uid: [each for each in every if _owners(each) & chain] for uid, chain in chains.items()}

    def _decisions(self, workloads: Mapping[str, list[Json]]) -> dict[str, QueueDecision]:
        flavors = {each["metadata"]["name"]: each for each in self._connection.list(self._program.flavors)}
        return {uid: _decision(found, flavors) for uid, found in workloads.items() if found}


def _decision(workloads: Iterable[Json], flavors: Mapping[str, Json]) -> QueueDecision:
    admitted, waits = 0, []
    got: dict[tuple[str, str], Fraction] = {}
    for each in workloads:
        if _condition(each, "Admitted").get("status") != "True":
            waits.append(_why(each))
            continue
        admitted += 1
        for part in each["status"]["admission"]["podSetAssignments"]:
            for name, flavor in (part.get("flavors") or {}).items():
                got[flavor, name] = got.get((flavor, name), Fraction(0)) + quantity_value(
                    str(part["resourceUsage"][name])
                )
    tolerations = (
        toleration
        for name in sorted({flavor for flavor, _ in got})
        for toleration in flavors[name]["spec"].get("tolerations") or ()
    )
    return QueueDecision(admitted, tuple(waits), got, tuple(tolerations))


def _why(workload: Json) -> str:
    """The manager's message about a workload that is not admitted."""
    for kind in ("QuotaReserved", "Admitted"):
        found = _condition(workload, kind)
        if found.get("status") == "False":
            return str(found.get("message") or found.get("reason"))
    return "not examined yet"


def _is_decided(workload: Json) -> bool:
    admitted = _condition(workload, "Admitted").get("status") == "True"
    return admitted or _condition(workload, "QuotaReserved").get("status") == "False"


def _state(workload: Json) -> tuple[Any, ...]:
    conditions = (workload.get("status") or {}).get("conditions") or ()
    return workload["metadata"]["uid"], *sorted(
        (each["type"], each["status"], each.get("message", "")) for each in conditions
    )


def _condition(workload: Json, kind: str) -> Json:
    conditions = (workload.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def _name(obj: Json) -> str:
    metadata = obj["metadata"]
    return "/".join(filter(None, (obj["kind"], metadata.get("namespace"), metadata["name"])))


def _not_active(queue: Json) -> str:
    return f"is not active: {_condition(queue, 'Active').get('message') or 'the manager does not mention it'}"


def _owners(workload: Json) -> frozenset[str]:
    return frozenset(str(each["uid"]) for each in workload["metadata"].get("ownerReferences") or ())


def _flat(lists: Iterable[list[Json]]) -> Iterator[Json]:
    for each in lists:
        yield from each
