"""An API server that becomes unavailable during an apply: for some seconds, permanently, or only for one response."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from blueprint.apiserver import connection as module
from blueprint.apiserver.connection import POOL_SIZE, Connection
from blueprint.bundle.model import Bundle
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Refused
from blueprint.http import Response
from blueprint.inventory.storage import read_inventory
from blueprint.records import replace
from tests.support.apply_endings import Answer, Send, answer, failing, gone
from tests.support.bundles import apply, bundle, config_map, each_object, namespace
from tests.support.waits import PATIENCE

COUNT = 40


class Road:
    """A TCP forwarder to the API server that can be closed together with all connections."""

    def __init__(self, server: str) -> None:
        place = urlsplit(server)
        self._to = (place.hostname, place.port)
        self._open: list[socket.socket] = []
        self._opening_or_closing = threading.Lock()
        self._listen(port=0)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._forward(listener, near, socket.create_connection(self._to))

    def _forward(self, listener: socket.socket, near: socket.socket, far: socket.socket) -> None:
        with self._opening_or_closing:
            if listener.fileno() == -1:  # closed since it accepted
                near.close()
                far.close()
                return
            self._open += [near, far]
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._opening_or_closing:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def reopen(self) -> None:
        self._listen(self.port)


@pytest.fixture
def road(cluster: Connection) -> Iterator[Road]:
    built = Road(cluster.endpoint.server)
    yield built
    built.close()


def over(road: Road, cluster: Connection) -> Connection:
    place = replace(cluster.endpoint, server=f"https://127.0.0.1:{road.port}")
    return Connection(place, "over a road", 20)


def many(name: str) -> Bundle:
    return bundle(name, namespace(name), *(config_map(name, f"c{i:02}") for i in range(COUNT)))


@pytest.mark.parametrize("after", [3, 17])
def test_a_server_that_is_away_for_some_seconds_is_waited_for(after: int, road: Road, cluster, unique) -> None:
    """Requests in flight at that moment may have been carried out; nothing is written twice, and nothing is omitted."""
    wanted, done = many(unique), 0
    connection = over(road, cluster)

    def progress(*_: object) -> None:
        nonlocal done
        done += 1
        if done == after:
            road.close()
            threading.Timer(1, road.reopen).start()

    outcome = apply_plan(
        make_plan(wanted, connection), connection, ApplyOptions(timeout=PATIENCE), each_object(progress)
    )

    assert (outcome.exit_code, outcome.diagnostics, outcome.written) == (0, (), COUNT + 1)
    assert {change.action for change in outcome.changes} == {Action.CREATE}
    again = apply(wanted, cluster)
    assert (again.exit_code, again.written) == (0, 0)


def test_a_server_that_does_not_come_back_is_one_error(road: Road, cluster, unique, monkeypatch) -> None:
    monkeypatch.setattr(module, "_OUTAGE", 1.0)
    wanted, done, attempts = many(unique), 0, 0
    connection = over(road, cluster)
    really_send = connection._send

    def counting(method: str, url: str, *rest: Any) -> Response:
        nonlocal attempts
        attempts += "/configmaps/c" in url
        return really_send(method, url, *rest)

    def progress(*_: object) -> None:
        nonlocal done
        done += 1
        if done == 5:
            road.close()

    connection._send = counting  # type: ignore[method-assign]
    outcome = apply_plan(
        make_plan(wanted, connection), connection, ApplyOptions(timeout=PATIENCE), each_object(progress)
    )

    [found] = outcome.diagnostics
    left = COUNT + 1 - outcome.written
    assert (outcome.exit_code, found.code.slug) == (1, "cluster-unreachable")
    assert f"{left} objects (" in found.message
    # All requests wait for the same outage: those in flight are retried up to five times, later ones once.
    assert attempts <= COUNT + 5 * POOL_SIZE
    assert apply(wanted, cluster).exit_code == 0


def test_a_store_that_is_away_for_good_is_one_error(cluster, unique) -> None:
    """The API server responds, but can do nothing."""

    def fault(_method: str, path: str, send: Send) -> Answer:
        return answer(500, "InternalError", "etcdserver: request timed out") if "/configmaps/c" in path else send()

    wanted = many(unique)
    plan = make_plan(wanted, cluster)
    real = cluster.get

    def get(path: str, **how: str) -> object:
        if path.endswith("/kube-system"):
            raise gone()
        return real(path, **how)

    cluster.get = get
    with failing(cluster, fault):
        outcome = apply_plan(plan, cluster, ApplyOptions(timeout=0.5))

    assert (outcome.exit_code, [d.code.slug for d in outcome.diagnostics]) == (1, ["cluster-unreachable"])


def test_a_webhook_that_is_away_leaves_the_other_objects(cluster, unique) -> None:
    def fault(_method: str, path: str, send: Send) -> Answer:
        failing_one = "/configmaps/c01" in path
        return answer(500, "InternalError", 'failed calling webhook "w"') if failing_one else send()

    plan = make_plan(many(unique), cluster)
    with failing(cluster, fault):
        outcome = apply_plan(plan, cluster, ApplyOptions(timeout=0.5))

    assert (outcome.written, [d.code.slug for d in outcome.diagnostics]) == (COUNT, ["server-failing"])


@pytest.mark.parametrize("carried_out", [False, True])
def test_an_update_whose_answer_was_lost_is_not_done_twice(carried_out: bool, cluster, unique) -> None:
    apply(many(unique), cluster)
    wanted = bundle(unique, namespace(unique), config_map(unique, "c00", mode="other"), digest="d2")
    lost = 0

    def fault(_method: str, path: str, send: Send) -> Answer:
        nonlocal lost
        if "/configmaps/c00" in path and "dryRun" not in path and not lost:
            lost = 1
            if carried_out:
                send()
            raise gone()
        return send()

    plan = make_plan(wanted, cluster)
    with failing(cluster, fault) as writes:
        outcome = apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE))

    real = [write for write in writes if "/configmaps/c00" in write and "dryRun" not in write]
    assert (outcome.exit_code, outcome.written, len(real)) == (0, 1, 1 if carried_out else 2)
    assert cluster.get(f"/api/v1/namespaces/{unique}/configmaps/c00")["data"] == {"mode": "other"}


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_record_whose_response_was_lost_is_recognised_as_ours(carried_out: bool, cluster, unique) -> None:
    lost = 0

    def fault(method: str, path: str, send: Send) -> Answer:
        nonlocal lost
        if "gpublueprint-system/configmaps" in path and lost < 2:
            lost += 1
            if carried_out:
                send()
            raise gone()
        return send()

    wanted = many(unique)
    plan = make_plan(wanted, cluster)
    with failing(cluster, fault):
        outcome = apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE))

    assert (lost, outcome.exit_code, outcome.diagnostics) == (2, 0, ())
    record = read_inventory(cluster, unique)
    assert record is not None
    assert record.digest == wanted.digest


def test_an_apply_without_any_right_could_not_start(lab, cluster, unique) -> None:
    from blueprint.apiserver.connect import connect

    wanted = bundle(unique, config_map("default", unique), node_labels="provisioner")
    nobody = connect(str(lab.user(f"nobody-{unique}")))
    plan = make_plan(wanted, nobody)

    with pytest.raises(Refused) as told:
        apply_plan(plan, nobody, ApplyOptions(timeout=1))

    assert (plan.exit_code, told.value.exit_code) == (2, 2)
    assert {d.code.slug for d in told.value.diagnostics} == {"forbidden"}
