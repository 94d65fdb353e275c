"""The API server is the reference: it accepts the corpus, and rejects what we report as an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blueprint.check.objects import check_objects
from blueprint.diagnostics import Severity
from blueprint.kubernetes.crds import crds_of
from blueprint.kubernetes.pod_templates import pod_templates
from blueprint.lab.access import RequestFailed
from tests.check import test_broken_objects, test_references
from tests.support.check_corpus import VALID, broken, objects

Apply = Callable[[dict[str, Any]], None]
SILENT = {"BP5013", "BP5016", "BP5017", "BP5019", "BP5101", "BP5103", "BP5107", "BP5022", "BP5031"}
"""Errors that the API server accepts on create: it drops unknown content, and resolves references later."""
WRAPPED = ("priority", "value")
"""Server-side apply wraps a 32-bit number that is too large, so it is certainly an error."""


@pytest.fixture(scope="module")
def apply(own) -> Apply:
    """Server-side dry-run of one object, after its dependencies have been created."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for crd in (VALID["crd"], *crds_of("nvidia.com"), *crds_of("nfd.k8s-sigs.io")):
        _send(own, f"{crds}/{crd['metadata']['name']}", dict(crd), dry="")
    _send(own, "/api/v1/namespaces/train", VALID["namespace"], dry="")
    plurals: dict[tuple[str, str], str] = {}

    def dry_run(data: dict[str, Any]) -> None:
        version, kind = data["apiVersion"], data["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (version, kind) not in plurals:
            for each in own.request("GET", root)["resources"]:
                plurals.setdefault((version, each["kind"]), each["name"])
        namespace = f"/namespaces/{data['metadata']['namespace']}" if "namespace" in data["metadata"] else ""
        plural = plurals.get((version, kind), "unknown")
        _send(own, f"{root}{namespace}/{plural}/{data['metadata']['name']}", data, dry="&dryRun=All")

    return dry_run


def _send(server, path: str, data: dict[str, Any], dry: str) -> None:
    query = f"?fieldManager=check-test&force=true{dry}"
    server.request("PATCH", path + query, data, content_type="application/apply-patch+yaml")


@pytest.mark.parametrize("name", [name for name in VALID if name != "crd"])
def test_the_api_server_takes_what_we_call_valid(apply: Apply, name: str) -> None:
    apply(VALID[name])


def _refused() -> Iterator[Any]:
    """The cases that are errors, except those that the API server accepts."""
    for name, field, value, code, *_ in (*test_broken_objects.CASES, *test_references.CASES):
        data = broken(name, field, value)
        found = check_objects(objects(**{name: data}), kubernetes_minor="1.36")
        named = isinstance(data["metadata"].get("name"), str)
        errors = any(d.severity is Severity.ERROR for d in found)
        if named and errors and (name, field) != WRAPPED and code not in SILENT:
            yield pytest.param(data, id=f"{code}:{name}:{field}")


@pytest.mark.parametrize("data", list(_refused()))
def test_the_api_server_refuses_what_we_call_an_error(apply: Apply, data: dict[str, Any]) -> None:
    with pytest.raises(RequestFailed):
        apply(data)


def test_pod_specs_are_looked_for_where_the_api_has_them() -> None:
    """The pods of a workload kind that is missing here would not be checked."""
    found = {data["kind"] for data in VALID.values() if any(pod_templates(data))}
    assert found == {"Deployment", "DaemonSet", "StatefulSet", "CronJob"}
