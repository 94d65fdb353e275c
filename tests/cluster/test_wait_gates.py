"""The conditions for which an apply waits before its next write: each on its own, and those that are never met."""

from __future__ import annotations

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.kubeconfig import Endpoint
from blueprint.bundle.model import ObjectId
from blueprint.cluster.waits import await_definition, await_gone, await_namespace
from tests.support.bundles import definition
from tests.support.scripted_server import Answer, serving

CRD = definition("example.com")
NOT_FOUND = (404, b"404 page not found\n", {})
FORBIDDEN = (403, {"kind": "Status", "reason": "Forbidden", "message": "no"}, {})


def conditions(**states: str) -> Answer:
    told = [{"type": name, "status": status, "message": "taken by another"} for name, status in states.items()]
    return 200, {"metadata": {"uid": "u"}, "status": {"conditions": told}}, {}


class Server:
    """Responds for a definition and for its collection, each from a list; the last response repeats."""

    def __init__(self, definition: list[Answer], collection: list[Answer]) -> None:
        self.left = {"crd": definition, "served": collection}
        self.asked = {"crd": 0, "served": 0}

    def __call__(self, _method: str, path: str) -> Answer:
        what = "crd" if "customresourcedefinitions" in path else "served"
        self.asked[what] += 1
        answers = self.left[what]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def waiting(server: Server, timeout: float = 5) -> str:
    with serving(server) as (address, _):
        found = await_definition(Connection(Endpoint(address), "x", 5), CRD, timeout)
    return found.message if found else ""


EMPTY = (200, {"items": []}, {})
ESTABLISHED = conditions(Established="True", NamesAccepted="True")


def test_a_definition_is_waited_for_until_it_is_established() -> None:
    server = Server([conditions(), conditions(Established="False"), ESTABLISHED], [EMPTY])
    assert waiting(server) == ""
    assert server.asked == {"crd": 3, "served": 1}


def test_and_until_its_collection_answers_too() -> None:
    server = Server([ESTABLISHED], [NOT_FOUND, NOT_FOUND, EMPTY])
    assert waiting(server) == ""
    assert server.asked["served"] == 3


def test_a_collection_that_may_not_be_listed_is_served() -> None:
    assert waiting(Server([ESTABLISHED], [FORBIDDEN])) == ""


@pytest.mark.parametrize(
    ("definition", "collection", "words"),
    [
        (conditions(), EMPTY, "it is not established"),
        (ESTABLISHED, NOT_FOUND, "example.com/v1 is not served"),
        (conditions(NamesAccepted="False"), EMPTY, "its names are taken: taken by another"),
    ],
)
def test_what_never_comes_is_named(definition, collection, words) -> None:
    assert words in waiting(Server([definition], [collection]), timeout=0.2)


def test_a_namespace_is_waited_for_until_it_is_active() -> None:
    phases = ["Pending", "Active"]

    def script(_method: str, _path: str) -> Answer:
        return 200, {"status": {"phase": phases.pop(0) if len(phases) > 1 else phases[0]}}, {}

    with serving(script) as (address, seen):
        assert await_namespace(Connection(Endpoint(address), "x", 5), "n", 5) is None
    assert len(seen) == 2


def test_an_object_that_stays_is_named_with_what_holds_it() -> None:
    held = {"metadata": {"uid": "u"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [
        {"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain", "message": "3 pods"}
    ]}}  # fmt: skip
    identity = ObjectId("", "Namespace", "", "n")
    with serving(lambda _m, _p: (200, held, {})) as (address, _):
        connection = Connection(Endpoint(address), "x", 5)
        found = await_gone(connection, "/api/v1/namespaces/n", "u", identity, 0.1)
        assert await_gone(connection, "/api/v1/namespaces/n", "another", identity, 0.1) is None
    assert found is not None
    assert "held by kubernetes (3 pods)" in found.message
