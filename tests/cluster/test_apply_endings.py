"""However an apply ends, drift and plan at the same moment report the same: exactly what differs from the declaration.

The API server is the reference: an object is outdated if a forced dry-run would change the live one, or is rejected.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, ApplyOutcome, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Refused
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from blueprint.inventory.membership import NAMESPACE, parent_name
from blueprint.inventory.storage import read_inventory, write_inventory
from blueprint.records import replace
from tests.support.apply_endings import (
    Answer,
    Fault,
    Send,
    after,
    answer,
    before,
    failing,
    gone,
    not_applied,
    somebodys,
)
from tests.support.bundles import apply, bundle, config_map, deployment, each_object, namespace, patch_as
from tests.support.soak import WHOLE
from tests.support.soak import dice as dice_for
from tests.support.waits import PATIENCE, eventually

SEEDS = range(40 if WHOLE else 3)
DENIED = (403, "Forbidden", 'is forbidden: ValidatingAdmissionPolicy "p" denied request: no')
RULES = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture
def applied(cluster: Connection, unique: str) -> Bundle:
    """The first version, applied in full, with a node of its own."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": unique, "labels": {"pool": unique}}}
    cluster.post("/api/v1/nodes", node, "provisioner")
    first = before(unique)
    assert apply(first, cluster).exit_code == 0
    assert agreed(first, cluster) == set()
    cluster.post(f"/api/v1/namespaces/{unique}/configmaps", somebodys(unique), "somebody")
    return first


def agreed(wanted: Bundle, cluster: Connection) -> set[str]:
    """The differences from `wanted`, after checking that drift, plan and record agree with the API server."""
    late = not_applied(wanted, cluster)
    plan = make_plan(wanted, cluster)
    planned = {str(change.id) for change in (*(s.change for s in plan.steps), *(n.change for n in plan.nodes))
               if change.action is not Action.UNCHANGED}  # fmt: skip
    for dry_run in (True, False):
        report = detect_drift(wanted, ClusterView(cluster), dry_run=dry_run)
        told = {f.subject for f in report.findings if f.kind not in {FindingKind.ORPHANED, FindingKind.POOL_SIZE}}
        assert told == late, f"drift tells {told - late} too much and {late - told} not (dry_run={dry_run})"
        assert report.exit_code == int(bool(report.findings))
    assert planned == late, f"plan tells {planned - late} too much and {late - planned} not"
    record = read_inventory(cluster, wanted.name)
    if late and record and wanted.digest.endswith("-2"):  # the first version was, before it was changed
        assert record.digest != wanted.digest, "the record names a bundle that is not there as a whole"
    return late


def settled(wanted: Bundle, cluster: Connection) -> None:
    """Once the obstacle is removed, the next apply succeeds, apart from what the server rejects permanently."""
    apply(wanted, cluster, force_conflicts=True, replace=True)
    agreed(wanted, cluster)


def ended(wanted: Bundle, cluster: Connection, fault: Fault, **options: Any) -> ApplyOutcome | Refused:
    """Apply against a failing server."""
    plan = make_plan(wanted, cluster)
    with failing(cluster, fault) as writes:
        try:
            outcome: ApplyOutcome | Refused = apply_plan(plan, cluster, ApplyOptions(**({"timeout": 0.3} | options)))
        except Refused as refused:
            outcome = refused
    assert writes
    return outcome


def denied(_: Send) -> Answer:
    return answer(*DENIED)


def unable(_: Send) -> Answer:
    return answer(503, "ServiceUnavailable", "etcd is away")


def lost(_: Send) -> Answer:
    raise gone()


def done_and_lost(send: Send) -> Answer:
    send()
    raise gone()


def stale(_: Send) -> Answer:
    return answer(409, "Conflict", "the object has been modified; please apply your changes to the latest version")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", [denied, unable, lost, done_and_lost, stale])
def test_writes_that_fail_at_random(how: Callable[[Send], Answer], seed: int, applied: Bundle, cluster) -> None:
    """Objects, nodes and the record itself: any write may fail."""
    dice = dice_for(f"{how.__name__} {seed}")
    wanted = after(applied.name, dice)
    share = dice.choice([0.1, 0.4, 1.0])

    def fault(method: str, path: str, send: Send) -> Answer:
        return how(send) if "dryRun" not in path and dice.random() < share else send()

    ended(wanted, cluster, fault)

    agreed(wanted, cluster)
    agreed(applied, cluster)
    settled(wanted, cluster)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_interrupt_at_any_moment(seed: int, applied: Bundle, cluster) -> None:
    dice = dice_for(f"interrupt {seed}")
    wanted = after(applied.name, dice)
    left = dice.randrange(8)

    def progress(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    apply_plan(make_plan(wanted, cluster), cluster, ApplyOptions(timeout=PATIENCE), each_object(progress))

    agreed(wanted, cluster)
    settled(wanted, cluster)


KILLED = """
    import os, random, signal, sys
    sys.path[:0] = [{tests!r}]
    from tests.support.apply_endings import after, failing
    from tests.support.bundles import apply
    from blueprint.apiserver.connect import connect
    left = {writes}
    def fault(method, path, send):
        global left
        if "dryRun" in path:
            return send()
        left -= 1
        if left == 0 and {late}:
            send()
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return send()
    cluster = connect({kubeconfig!r})
    with failing(cluster, fault):
        apply(after({name!r}, random.Random({seed})), cluster)
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_kill_at_any_moment(seed: int, applied: Bundle, lab, cluster) -> None:
    tests = str(Path(__file__).parents[2])
    where = {"tests": tests, "kubeconfig": str(lab.kubeconfig), "name": applied.name}
    script = textwrap.dedent(KILLED).format(**where, writes=1 + seed, late=seed % 2, seed=seed)
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr

    wanted = after(applied.name, random.Random(seed))  # noqa: S311 - repeatable on purpose
    agreed(wanted, cluster)
    agreed(applied, cluster)
    settled(wanted, cluster)


@pytest.fixture
def policy(cluster: Connection, unique: str) -> Iterator[None]:
    """A policy that forbids every write of an object in the namespace."""
    meta = {"name": unique}
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]}
    rule["scope"] = "Namespaced"
    matches = {"resourceRules": [rule]}
    spec = {"failurePolicy": "Fail", "matchConstraints": matches, "validations": [{"expression": "false"}]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": unique}}
    bound = {"policyName": unique, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": selector}}
    cluster.post(f"{RULES}/validatingadmissionpolicies", {"metadata": meta, "spec": spec}, "tests")
    cluster.post(f"{RULES}/validatingadmissionpolicybindings", {"metadata": meta, "spec": bound}, "tests")
    yield
    cluster.delete(f"{RULES}/validatingadmissionpolicybindings/{unique}")
    cluster.delete(f"{RULES}/validatingadmissionpolicies/{unique}")


def wait_until_denied(name: str, cluster: Connection) -> None:
    """Policies take effect some time after they are written."""

    def denied() -> bool:
        try:
            cluster.post(f"/api/v1/namespaces/{name}/configmaps", config_map(name, "probe"), "tests", dry_run=True)
        except ApiError as error:
            return "Policy" in str(error)
        return False

    eventually(denied, "the policy is enforced")


def test_denied_by_a_policy(applied: Bundle, policy: None, cluster, unique) -> None:
    wait_until_denied(unique, cluster)
    wanted = after(unique, random.Random(1))  # noqa: S311 - repeatable on purpose

    outcome = apply(wanted, cluster)

    assert outcome.exit_code == 1
    assert "forbidden" not in {d.code.slug for d in outcome.diagnostics}, "no role can allow it"
    assert f"ConfigMap/{unique}/new" in agreed(wanted, cluster)


def test_quota_exceeded(applied: Bundle, cluster, unique) -> None:
    hard = {"count/configmaps": "1"}
    meta = {"name": "few", "namespace": unique}
    cluster.post(f"/api/v1/namespaces/{unique}/resourcequotas", {"metadata": meta, "spec": {"hard": hard}}, "tests")
    status = {"status": {"hard": hard, "used": {"count/configmaps": "1"}}}
    patch_as("tests", cluster, f"/api/v1/namespaces/{unique}/resourcequotas/few/status", status)
    more = bundle(unique, config_map(unique, "new")).objects
    wanted = replace(applied, objects=(*applied.objects, *more), digest=f"{unique}-2")

    outcome = apply(wanted, cluster)

    assert (outcome.exit_code, [d.code.slug for d in outcome.diagnostics]) == (1, ["quota-exceeded"])
    plan = make_plan(wanted, cluster)
    assert (plan.exit_code, [d.code.slug for d in plan.diagnostics]) == (1, ["quota-exceeded"])
    assert agreed(wanted, cluster) == {f"ConfigMap/{unique}/new"}


def test_only_some_kinds_may_be_written(applied: Bundle, lab, cluster, unique) -> None:
    def rule(groups: list[str], kinds: list[str], *verbs: str) -> dict[str, Any]:
        return {"apiGroups": groups, "resources": kinds, "verbs": list(verbs)}

    rules = [rule(["*"], ["*"], "get", "list"), rule([""], ["configmaps", "namespaces"], "patch", "update", "create")]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    who = {"apiGroup": "rbac.authorization.k8s.io"}
    binding = {"roleRef": {**who, "kind": "ClusterRole", "name": unique},
               "subjects": [{**who, "kind": "User", "name": unique}]}  # fmt: skip
    cluster.post(f"{rbac}/clusterroles", {"metadata": {"name": unique}, "rules": rules}, "tests")
    cluster.post(f"{rbac}/clusterrolebindings", {"metadata": {"name": unique}, **binding}, "tests")
    wanted = after(unique, random.Random(3))  # noqa: S311 - repeatable on purpose

    outcome = apply(wanted, connect(str(lab.user(unique))))

    assert outcome.exit_code == 1
    late = agreed(wanted, cluster)
    assert f"Deployment/{unique}/another" in late
    assert f"ConfigMap/{unique}/new" not in late


def test_a_conflict_that_nobody_approved(applied: Bundle, cluster, unique) -> None:
    patch_as("mallory", cluster, f"/api/v1/namespaces/{unique}/configmaps/settings", {"data": {"a": "theirs"}})
    wanted = after(unique, random.Random(4))  # noqa: S311 - repeatable on purpose

    apply(wanted, cluster)

    assert f"ConfigMap/{unique}/settings" in agreed(wanted, cluster)
    settled(wanted, cluster)


def test_another_apply_wrote_the_record_meanwhile(applied: Bundle, cluster, unique) -> None:
    wanted = after(unique, random.Random(5))  # noqa: S311 - repeatable on purpose
    moved = False

    def fault(_method: str, path: str, send: Send) -> Answer:
        nonlocal moved
        if "/deployments/" in path and not moved:
            moved = True
            record = read_inventory(cluster, unique)
            assert record
            write_inventory(cluster, replace(record, tool="another"))
        return send()

    outcome = ended(wanted, cluster, fault)

    assert "inventory-moved" in {d.code.slug for d in outcome.diagnostics}
    agreed(wanted, cluster)
    settled(wanted, cluster)


def test_a_namespace_that_is_terminating(applied: Bundle, cluster, unique) -> None:
    """It never ends here: there is no namespace controller."""
    wanted = after(unique, random.Random(6))  # noqa: S311 - repeatable on purpose
    cluster.delete(f"/api/v1/namespaces/{unique}")

    outcome = apply(wanted, cluster, timeout=1)

    assert outcome.exit_code == 1
    assert f"Namespace/{unique}" in agreed(wanted, cluster)


def test_an_object_that_is_held_while_it_is_deleted(applied: Bundle, cluster, unique) -> None:
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    patch_as("mallory", cluster, path, {"metadata": {"finalizers": ["example.com/held"]}})
    cluster.delete(path)

    assert apply(applied, cluster, timeout=1).exit_code == 1
    assert agreed(applied, cluster) == {f"ConfigMap/{unique}/settings"}


def test_a_definition_that_never_comes(cluster, unique) -> None:
    """Its names belong to another definition."""
    first = before(f"{unique}-a")
    crds = [obj for obj in first.objects if obj.id.kind == "CustomResourceDefinition"]
    taken = crds[0].data | {"metadata": {"name": f"widgets.{unique}.example.com"}}
    other = {**taken, "spec": {**taken["spec"], "group": f"{unique}.example.com"}}
    other["spec"]["names"] = {**other["spec"]["names"], "plural": "things", "listKind": "ThingList", "kind": "Widget"}
    other["metadata"] = {"name": f"things.{unique}.example.com"}
    cluster.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", other, "somebody")
    from blueprint.cluster.waits import await_definition

    assert await_definition(cluster, other, 30) is None
    objects = [d for d in before(unique).objects if d.id.kind in {"Namespace", "CustomResourceDefinition", "Widget"}]
    wanted = replace(before(unique), objects=tuple(objects), pools=())

    outcome = apply(wanted, cluster, timeout=2)

    assert "never-ready" in {d.code.slug for d in outcome.diagnostics}
    record = read_inventory(cluster, unique)
    assert record is not None
    assert (record.digest, record.begun) == ("", wanted.digest)


def test_the_record_of_an_earlier_version_proves_nothing_that_was_not_written(applied: Bundle, cluster, unique) -> None:
    """It named the new bundle although one object still had its old state."""
    wanted = after(unique, random.Random(7))  # noqa: S311 - repeatable on purpose
    ended(wanted, cluster, lambda _method, path, send: denied(send) if "/configmaps/settings" in path else send())
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{parent_name(unique)}"
    record = read_inventory(cluster, unique)
    assert record is not None
    write_inventory(cluster, replace(record, digest=wanted.digest, begun=""))
    written = cluster.get(path)
    text = written["data"]["record.json"]
    assert '"begun": "",\n' in text
    written["data"]["record.json"] = text.replace('  "begun": "",\n', "")
    cluster.put(path, written, "earlier version")

    report = detect_drift(wanted, ClusterView(cluster))

    assert f"ConfigMap/{unique}/settings" in {f.subject for f in report.findings}
    assert "partly-applied" in {d.code.slug for d in report.diagnostics}
    assert "applied" not in report.subject
    settled(wanted, cluster)


def test_what_is_applied_is_named_only_as_a_whole(cluster, unique) -> None:
    good = bundle(unique, namespace(unique), config_map(unique), deployment(unique), digest="d1")
    bad = bundle(unique, namespace(unique), config_map(unique, a="2"), deployment(unique, image=""), digest="d2")
    apply(good, cluster)
    apply(bad, cluster)
    record = read_inventory(cluster, unique)
    assert record is not None
    assert (record.digest, record.version, record.release, record.begun) == ("", "", "", "d2")
    apply(good, cluster)
    record = read_inventory(cluster, unique)
    assert record is not None
    assert (record.digest, record.version, record.release, record.begun) == ("d1", "1.0.0", "2026.11", "")
