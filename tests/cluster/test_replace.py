"""Changes that are impossible in place are rejected, and the object is replaced if allowed; the API server is the
reference.
"""

from __future__ import annotations

import copy
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.changes.compare import Action, ObjectChange, compare_objects
from blueprint.changes.immutable import as_replacement, custom_rules, may_not_be_replaced
from blueprint.cluster.apply import ApplyOptions, ApplyOutcome, apply_plan
from blueprint.cluster.consent import Consent
from blueprint.cluster.plan import make_plan
from blueprint.inventory.storage import read_inventory
from blueprint.kubernetes.kinds import own_kinds
from tests.support.bundles import Data, apply, bundle, config_map, deployment, namespace
from tests.support.waits import PATIENCE
from tests.support.yaml_data import yaml_data

CASES: list[Data] = yaml_data(Path(__file__).parent / "immutable.yaml")
OBJECTS = {(case["apiVersion"].rpartition("/")[0], case["kind"]): case for case in CASES}
CLUSTER_WIDE = {"RuntimeClass", "PriorityClass", "StorageClass", "ClusterRoleBinding", "IngressClass"}


def changes(key: str) -> list[Any]:
    """For every kind one field and another value for it, from one list of the cases."""
    return [
        pytest.param(*identity, name, value, id=f"{identity[1]} {name}")
        for identity, case in OBJECTS.items()
        for name, value in case.get(key, {}).items()
    ]


def named(group: str, kind: str, unique: str) -> Data:
    """The case's object under a name that no other test uses."""
    case = OBJECTS[group, kind]
    meta: Data = {"name": unique} | ({} if kind in CLUSTER_WIDE else {"namespace": "default"})
    return {"apiVersion": case["apiVersion"], "kind": kind, "metadata": meta, **copy.deepcopy(case["object"])}


def put(data: Data, path: str, value: Any) -> Data:
    """The same object with another value at a dotted path."""
    changed = copy.deepcopy(data)
    *above, last = path.split(".")
    here = changed
    for step in above:
        here = here.setdefault(step, {})
    here[last] = value
    return changed


def paths(cluster: Connection, data: Data) -> tuple[str, str]:
    """The path of the collection that contains an object, and of the object itself."""
    version = data["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    resource = next(r for r in cluster.get(root)["resources"] if r["kind"] == data["kind"] and "/" not in r["name"])
    place = f"/namespaces/default/{resource['name']}" if resource["namespaced"] else f"/{resource['name']}"
    return root + place, f"{root}{place}/{data['metadata']['name']}"


def verdict(cluster: Connection, group: str, kind: str, unique: str, path: str, value: Any) -> int:
    """The API server's response to the change of one field: a status, 200 if it is accepted."""
    data = named(group, kind, unique)
    collection, url = paths(cluster, data)
    cluster.post(collection, data, "tests")
    try:
        cluster.apply(url, put(data, path, value), "tests", force=True, dry_run=True)
    except ApiError as error:
        return error.status
    finally:
        cluster.delete(url)
    return 200


@pytest.mark.parametrize(("group", "kind", "name", "value"), changes("refused"))
def test_the_server_refuses_every_change_that_the_table_says_it_refuses(
    cluster: Connection, unique: str, group: str, kind: str, name: str, value: Any
) -> None:
    before = named(group, kind, unique)
    [change] = compare_objects([Object(before, "x")], [Object(put(before, name, value), "x")])
    assert as_replacement(change).action is Action.REPLACE
    assert verdict(cluster, group, kind, unique, name, value) == 422


@pytest.mark.parametrize(("group", "kind", "name", "value"), changes("taken"))
def test_the_server_takes_what_the_table_does_not_name(
    cluster: Connection, unique: str, group: str, kind: str, name: str, value: Any
) -> None:
    before = named(group, kind, unique)
    [change] = compare_objects([Object(before, "x")], [Object(put(before, name, value), "x")])
    assert as_replacement(change).action is Action.UPDATE
    assert verdict(cluster, group, kind, unique, name, value) == 200


def test_every_field_of_the_table_is_tried() -> None:
    """Definitions are omitted: the server validates their changes only under another name, which they cannot have."""
    tried = {key: tuple(case["refused"]) for key, case in OBJECTS.items()}
    table = {split(name): kind.immutable for name, kind in own_kinds().items() if kind.immutable}
    assert {key: names for key, names in table.items() if key[1] != "CustomResourceDefinition"} == tried


def split(name: str) -> tuple[str, str]:
    """Group and kind of a name in the table."""
    kind, _, group = name.partition(".")
    return group, kind


def test_rules_of_custom_resources_are_read_from_their_definitions() -> None:
    assert custom_rules("nvidia.com", "NVIDIADriver") == ("spec.driverType", "spec.usePrecompiled")
    assert "spec" in custom_rules("resource.nvidia.com", "ComputeDomain")
    assert custom_rules("nvidia.com", "ClusterPolicy") == ()


def changed_driver(**spec: Any) -> ObjectChange:
    base = {"driverType": "gpu", "usePrecompiled": False, "version": "1"}
    meta = {"apiVersion": "nvidia.com/v1alpha1", "kind": "NVIDIADriver", "metadata": {"name": "a"}}
    [change] = compare_objects(*([Object({**meta, "spec": each}, "x")] for each in (base, base | spec)))
    return as_replacement(change)


def test_diff_says_that_a_precompiled_driver_means_another_object() -> None:
    assert changed_driver(usePrecompiled=True).action is Action.REPLACE
    assert "usePrecompiled" in changed_driver(usePrecompiled=True).reason
    assert changed_driver(version="2").action is Action.UPDATE


def told(wanted: Bundle, cluster: Connection, *, replace: bool | Consent) -> ApplyOutcome:
    return apply_plan(make_plan(wanted, cluster), cluster, ApplyOptions(timeout=PATIENCE, replace=replace))


def relabelled(unique: str) -> Data:
    data = deployment(unique)
    data["spec"]["selector"] = {"matchLabels": {"other": "yes"}}
    data["spec"]["template"]["metadata"] = {"labels": {"other": "yes"}}
    return data


def test_a_selector_is_refused_then_replaced_then_settled(cluster, unique) -> None:
    assert apply(bundle(unique, namespace(unique), deployment(unique)), cluster).exit_code == 0
    path = f"/apis/apps/v1/namespaces/{unique}/deployments/operator"
    uid = cluster.get(path)["metadata"]["uid"]
    wanted = bundle(unique, namespace(unique), config_map(unique), relabelled(unique), digest="d2")

    [step] = [step for step in make_plan(wanted, cluster).steps if step.action is Action.REPLACE]
    assert "spec.selector" in step.reason

    refused = told(wanted, cluster, replace=False)
    assert refused.exit_code == 1
    assert [d.code.id for d in refused.diagnostics] == ["BP7032"]
    assert "--replace" in (refused.diagnostics[0].help or "")
    assert cluster.get(path)["metadata"]["uid"] == uid

    done = told(wanted, cluster, replace=True)
    assert (done.exit_code, done.diagnostics) == (0, ())
    assert Action.REPLACE in [change.action for change in done.changes]
    assert cluster.get(path)["metadata"]["uid"] != uid
    settled = told(wanted, cluster, replace=False)
    assert (settled.written, settled.exit_code) == (0, 0)


def test_kinds_with_data_are_replaced_by_their_name_alone(cluster, unique) -> None:
    def secret(type_: str) -> Data:
        meta = {"name": "s", "namespace": unique}
        return {"apiVersion": "v1", "kind": "Secret", "type": type_, "metadata": meta, "data": {"a": "YQ=="}}

    assert apply(bundle(unique, namespace(unique), secret("example.com/a")), cluster).exit_code == 0
    outcome = told(bundle(unique, namespace(unique), secret("example.com/b"), digest="d2"), cluster, replace=True)
    assert outcome.exit_code == 1
    name = f"Secret/{unique}/s"
    assert f"--replace={name}" in (outcome.diagnostics[0].help or "")
    assert cluster.get(f"/api/v1/namespaces/{unique}/secrets/s")["type"] == "example.com/a"
    wanted = bundle(unique, namespace(unique), secret("example.com/b"), digest="d2")
    assert told(wanted, cluster, replace=Consent(named=(name,))).exit_code == 0
    assert cluster.get(f"/api/v1/namespaces/{unique}/secrets/s")["type"] == "example.com/b"


def test_what_would_take_everything_with_it_is_never_replaced() -> None:
    never = [name for name, kind in own_kinds().items() if may_not_be_replaced(ObjectId(*split(name), "", "n"))]
    assert never == ["Namespace", "CustomResourceDefinition.apiextensions.k8s.io", "PersistentVolume"]


def test_an_object_that_another_manager_recreated_is_not_deleted(cluster, unique) -> None:
    """The uid in the plan is a precondition of the deletion."""
    assert apply(bundle(unique, namespace(unique), deployment(unique)), cluster).exit_code == 0
    wanted = bundle(unique, namespace(unique), relabelled(unique), digest="d2")
    plan = make_plan(wanted, cluster)
    path = f"/apis/apps/v1/namespaces/{unique}/deployments/operator"
    cluster.delete(path)
    cluster.post(path.rpartition("/")[0], deployment(unique, image="theirs:1"), "somebody")
    uid = cluster.get(path)["metadata"]["uid"]

    outcome = apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE, replace=True))

    assert outcome.exit_code == 1
    assert [d.code.id for d in outcome.diagnostics] == ["BP7036"]
    assert cluster.get(path)["metadata"]["uid"] == uid


KILLED = """
    import os, signal, sys
    sys.path[:0] = [{tests!r}]
    from tests.support.bundles import *
    from tests.cluster.test_replace import relabelled, told
    from blueprint.apiserver.connect import connect
    from blueprint.apiserver.connection import Connection
    real = Connection._send
    def deadly(self, method, url, data, headers, told):
        answer = real(self, method, url, data, headers, told)
        if method == "DELETE":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    Connection._send = deadly
    name = {name!r}
    told(bundle(name, namespace(name), relabelled(name), digest="d2"), connect({kubeconfig!r}), replace=True)
"""


def test_a_run_that_is_killed_between_deletion_and_creation_is_finished_by_the_next(lab, cluster, unique) -> None:
    assert apply(bundle(unique, namespace(unique), deployment(unique)), cluster).exit_code == 0
    script = textwrap.dedent(KILLED).format(
        tests=str(Path(__file__).parents[2]),
        name=unique,
        kubeconfig=str(lab.kubeconfig),
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(ApiError):
        cluster.get(f"/apis/apps/v1/namespaces/{unique}/deployments/operator")
    inventory = read_inventory(cluster, unique)
    assert inventory
    assert "Deployment" in {member.id.kind for member in inventory.members.values()}

    wanted = bundle(unique, namespace(unique), relabelled(unique), digest="d2")
    assert told(wanted, cluster, replace=False).exit_code == 0
    settled = told(wanted, cluster, replace=False)
    assert (settled.written, settled.exit_code) == (0, 0)
