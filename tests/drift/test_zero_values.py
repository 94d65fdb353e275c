"""Empty, zero and false values of every kind on a real API server: applied once, they are never written again and never
drift.

`make soak` tests every case, other runs a fixed sample.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle, Object
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Severity
from blueprint.drift.detect import detect_drift
from blueprint.drift.field_comparison import Suspects
from blueprint.drift.model import Finding, FindingKind
from blueprint.drift.view import ClusterView, Live
from blueprint.inventory.storage import read_inventory
from blueprint.records import replace
from blueprint.render.canonical import canonical
from tests.support.drift_platform import bundle_of
from tests.support.soak import WHOLE
from tests.support.soak import dice as dice_for
from tests.support.waits import eventually
from tests.support.zero_values import Case, custom_cases, definition, filled, make_place, zero_cases

MINOR = "1.36"
SAMPLE, CHUNK = 260, 250
SHARE = 0.55 if WHOLE else 0.35
"""The minimum share of cases that the server accepts; it rejects the rest for other reasons.

A sample has one case of every kind, and kinds with few fields are refused more often.
"""
OVERWRITTEN = {"CertificateSigningRequest": ("spec.username", "spec.groups", "spec.extra")}
"""Values that the server replaces when it creates the object, but in no later dry-run."""
REFUSED = re.compile(r": (422|500) ")
"""The server rejects the dry-run, or it fails: then the result is unknown, and this is reported."""
ONCE_WRONG = {
    'v1/ServiceAccount: secrets[0].name = ""',
    "storage.k8s.io/v1/CSINode: spec.drivers = []",
    'rbac.authorization.k8s.io/v1/ClusterRole: aggregationRule.clusterRoleSelectors[0].matchLabels.key = ""',
    "rbac.authorization.k8s.io/v1/ClusterRole: aggregationRule.clusterRoleSelectors[0].matchExpressions = []",
    'resource.k8s.io/v1/ResourceSlice: spec.devices[0].taints[0].value = ""',
}
"""Cases for which a run of all cases gave a wrong finding: included in every sample."""
LABEL = "metadata.labels.touched"
MALLORY = {
    "manager": "mallory",
    "operation": "Update",
    "time": "2026-11-29T10:00:00Z",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:metadata": {"f:labels": {"f:touched": {}}}},
}


def chunks() -> list[list[Case]]:
    """All cases, or a sample with every kind; split into bundles."""
    cases = [*zero_cases(MINOR), *custom_cases()]
    if not WHOLE:
        dice = dice_for("zero values")
        first = {case.kind: case for case in dice.sample(cases, len(cases))}
        once = [case for case in cases if str(case) in ONCE_WRONG]
        assert len(once) == len(ONCE_WRONG)
        cases = [*once, *first.values(), *dice.sample(cases, SAMPLE - len(first))]
        cases = list({str(case): case for case in cases}.values())
    # Events of both groups are the same objects to the server: in one bundle, each would remain after the other.
    dice_for("order").shuffle(cases)  # failures show early
    parts = [[c for c in cases if c.kind.startswith("events") is way] for way in (False, True)]
    return [part[start : start + CHUNK] for part in parts for start in range(0, len(part), CHUNK)]


@pytest.fixture(scope="module")
def own(lab: Any) -> Iterator[Connection]:
    """A lab of its own: many of these objects are cluster-scoped, and some count others."""
    with lab.fresh() as fresh:
        connection = connect(str(fresh.kubeconfig))
        yield connection
        connection.close()


@pytest.fixture(scope="module")
def found(own: Connection) -> Discovery:
    """With our own definition served."""
    crd = definition()
    own.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}", crd, "test")
    group, version = crd["spec"]["group"], crd["spec"]["versions"][0]["name"]

    def served() -> Discovery | None:
        seen = discover(own)
        resource = seen.find(f"{group}/{version}", crd["spec"]["names"]["kind"])
        return seen if resource and _answers(own, resource.collection()) else None

    return eventually(served, "the definition is served")


def _answers(connection: Connection, url: str) -> bool:
    try:
        connection.get(url)
    except ApiError:
        return False
    return True


def test_no_empty_value_is_drift_or_is_written_twice(own: Connection, found: Discovery) -> None:
    applied = tried = 0
    trouble: list[str] = []
    for cases in chunks():
        tried += len(cases)
        applied += Round(own, found, cases, trouble).run()
        if WHOLE:
            print("SO FAR", applied, "of", tried)  # noqa: T201
    print(f"{applied} of {tried} cases applied")  # noqa: T201 - what a soak is run for
    assert not trouble, "\n".join([f"{len(trouble)} of {applied}", *trouble[:200]])
    assert applied > SHARE * tried
    assert applied > 1500 or not WHOLE


class Round:
    """One bundle of cases."""

    def __init__(self, connection: Connection, found: Discovery, cases: list[Case], trouble: list[str]) -> None:
        name = f"zero-{uuid.uuid4().hex[:8]}"
        namespaces = {case.kind: f"{name}-{i}" for i, case in enumerate({c.kind: c for c in cases}.values())}
        manifests = [canonical(filled(case.manifest, namespaces[case.kind])) for case in cases]
        bundle = bundle_of(name, [*manifests, definition()])
        self.bundle: Bundle = replace(bundle, digest=uuid.uuid4().hex, objects=bundle.objects[:-1])
        self.whole = bundle
        self.connection, self.found, self.trouble = connection, found, trouble
        self.view = ClusterView(connection)
        self.case = dict(zip((str(o.id) for o in self.bundle.objects), cases, strict=True))
        for namespace in namespaces.values():
            make_place(connection, namespace)

    def run(self) -> int:
        """Returns how many were applied; failures are added to `trouble`."""
        plan = make_plan(self.bundle, self.connection)
        outcome = apply_plan(plan, self.connection, ApplyOptions())
        written = {str(change.id) for change in outcome.changes if change.action is not Action.UNCHANGED}
        refused = {d.subject: d for d in outcome.diagnostics if d.severity is Severity.ERROR}
        if WHOLE:
            print(*(f"REFUSED {self.case.get(str(n), n)} | {d.message}" for n, d in refused.items()), sep="\n")  # noqa: T201
        for name in set(self.case) - written - set(refused):
            self._say(name, "neither applied nor refused")
        for name in set(refused) & written:
            self._say(name, f"applied and refused: {refused[name].message}")
        self._second(set(refused))
        self._drift(set(refused))
        record = read_inventory(self.connection, self.bundle.name)
        assert record
        self.record = record
        live = self.view.objects({o.id: o.api_version for o in self.bundle.objects}, self.bundle.name).live
        with ThreadPoolExecutor(4) as threads:
            there = [o for o in self.bundle.objects if str(o.id) in written]
            list(threads.map(lambda o: self._compared(o, live[o.id]), there))
        return len(written)

    def _say(self, name: str, what: str) -> None:
        self.trouble.append(f"{self.case.get(name, name)}: {what}")
        if WHOLE:
            print("TROUBLE", self.trouble[-1])  # noqa: T201

    def _second(self, refused: set[str | None]) -> None:
        plan = make_plan(self.bundle, self.connection)
        for step in plan.steps:
            if str(step.id) not in refused and step.action is not Action.UNCHANGED:
                fields = [(f.shown, f.before, f.after) for f in step.fields]
                self._say(str(step.id), f"a second plan would {step.action} it: {step.reason} {fields}")
        again = apply_plan(plan, self.connection, ApplyOptions())
        for change in again.changes:
            self._say(str(change.id), "written a second time")

    def _drift(self, refused: set[str | None]) -> None:
        report = detect_drift(self.bundle, self.view)
        for finding in report.findings:
            if not (finding.kind is FindingKind.MISSING and finding.subject in refused):
                self._say(finding.subject, f"drift right after: {_told(finding)}")

    def _compared(self, obj: Object, live: Live) -> None:
        """A foreign label is added: only that is reported, with every source of evidence."""
        snapshot = self.record.members[obj.id].snapshot
        live = copy.deepcopy(live)
        meta = live["metadata"]
        meta["resourceVersion"] = "changed"
        meta["labels"]["touched"] = "1"
        meta["managedFields"].append(MALLORY)
        self._judge(obj, live, snapshot, "by the record", dry_run=False)
        self._judge(obj, live, None, "by a dry-run", dry_run=True)
        del meta["managedFields"]
        self._judge(obj, live, snapshot, "by the record, owners wiped", dry_run=False, wiped=True)

    def _judge(self, obj: Object, live: Live, snapshot: Any, how: str, *, dry_run: bool, wiped: bool = False) -> None:
        suspects = Suspects(self.whole, self.view, dry_run=dry_run)
        findings = list(suspects.findings(obj, live, snapshot))
        expected = {(FindingKind.FOREIGN_ADDITION, LABEL)} | ({(FindingKind.OWNERSHIP_LOST, "")} if wiped else set())
        for finding in findings:
            if finding.path.startswith(OVERWRITTEN.get(obj.id.kind, "?")):
                continue
            refused = finding.kind is FindingKind.UNKNOWN and any(REFUSED.search(r.message) for r in finding.remarks)
            if (finding.kind, finding.path) not in expected and not _labels(finding) and not refused:
                self._say(str(obj.id), f"{how}: {_told(finding)}")
        if not any(_labels(finding) for finding in findings):
            self._say(str(obj.id), f"{how}: the label is not told")


def _labels(finding: Finding) -> bool:
    """The one change; within a value that is reported as a whole, if nothing was declared there."""
    return finding.kind is FindingKind.FOREIGN_ADDITION and finding.path in {LABEL, "metadata.labels"}


def _told(finding: Finding) -> str:
    return f"{finding.kind} {finding.path}: declared {finding.declared!r}, live {finding.live!r} {finding.remarks}"
