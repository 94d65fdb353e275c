"""Tasks run in order, every event is delivered, and the work may stop early and still be finished properly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from blueprint.apiserver.discovery import Discovery
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.events import ApplyEvent, ApplyStatus, ErrorEvent, Event, InitEvent, RecordEvent, TaskEvent
from blueprint.cluster.executor import TaskContext, TaskList, execute
from blueprint.cluster.plan import make_plan
from blueprint.inventory.model import Inventory
from tests.support.bundles import bundle, config_map, definition, deployment, namespace

ONE, TWO = ObjectId("", "ConfigMap", "ns", "one"), ObjectId("", "ConfigMap", "ns", "two")


@dataclass(frozen=True)
class Does:
    """A task that runs a given function."""

    name: str
    what: Callable[[TaskContext], object] = lambda _context: None

    def run(self, context: TaskContext) -> None:
        self.what(context)


def writes(identity: ObjectId) -> Does:
    return Does(f"write {identity.name}", lambda context: context.emit(ApplyEvent(identity, ApplyStatus.CREATED)))


def raises(error: BaseException) -> Does:
    def fail(_context: TaskContext) -> None:
        raise error

    return Does("fail", fail)


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def context(cluster, heard) -> TaskContext:
    return TaskContext(cluster, 1.0, heard.append, Discovery({}), Inventory("t"))


def names(events: list[Event]) -> list[str]:
    return [event.task for event in events if isinstance(event, TaskEvent) and event.status == "started"]


def test_tasks_run_in_order(context, heard) -> None:
    results = execute(TaskList([Does("open")], [writes(ONE), writes(TWO)], [Does("close")], [ONE, TWO]), context)
    assert heard[0] == InitEvent(("open", "write one", "write two", "close"))
    assert names(heard) == list(heard[0].tasks)
    assert results.count(ApplyStatus.CREATED) == 2


@pytest.mark.parametrize(
    ("error", "interrupted", "code"),
    [(KeyboardInterrupt(), True, "not-written"), (ApiError(0, "Unreachable", "gone"), False, "cluster-unreachable")],
)
def test_work_that_ends_early_is_finished_and_says_what_is_left(context, heard, error, interrupted, code) -> None:
    results = execute(TaskList([], [writes(ONE), raises(error), writes(TWO)], [Does("close")], [ONE, TWO]), context)
    assert names(heard) == ["write one", "fail", "close"]
    [ended] = [event for event in heard if isinstance(event, ErrorEvent)]
    assert (results.interrupted, ended.diagnostic.code.slug) == (interrupted, code)
    assert results.diagnostics == [ended.diagnostic]
    assert ended.diagnostic.message.endswith(f"; 1 object ({TWO}) was not written")


def test_what_fails_before_anything_is_written_is_raised(context, heard) -> None:
    with pytest.raises(ApiError):
        execute(TaskList([raises(ApiError(409, "Conflict", "moved"))], [writes(ONE)], [Does("close")], [ONE]), context)
    assert names(heard) == ["fail"]


def test_an_apply_is_a_list_of_tasks_with_events_that_are_json(cluster, unique, heard) -> None:
    group = f"{unique}.example.com"
    wanted = bundle(unique, namespace(unique), definition(group), config_map(unique), deployment(unique))
    plan = make_plan(wanted, cluster)
    assert apply_plan(plan, cluster, ApplyOptions(20, wait=False), heard.append).exit_code == 0
    assert isinstance(heard[0], InitEvent)
    assert names(heard) == list(heard[0].tasks) == [
        "record what may be written",
        "write namespaces",
        "wait for namespaces",
        "write definitions",
        "wait for definitions",
        "write configuration",
        "write workloads",
        "record what was written",
    ]  # fmt: skip
    assert [event.written for event in heard if isinstance(event, RecordEvent)] == [True, True]
    lines = [json.loads(json.dumps(event.as_json())) for event in heard]
    assert {line["type"] for line in lines} == {"init", "task", "apply", "wait", "record"}
    assert {
        "type": "apply",
        "object": {"group": "apps", "kind": "Deployment", "namespace": unique, "name": "operator"},
        "status": "created",
    } in lines
