"""The table of defaults compared with a real API server: its defaults are known, and manual changes of them are found.

`make soak` tests every type in every kind that contains it; otherwise each type is tested once, and some more often.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Path
from blueprint.changes.compare import ABSENT
from blueprint.drift import extra_fields
from blueprint.drift.compare import compare
from blueprint.drift.declared import Difference, find_item
from blueprint.drift.extra_fields import SERVERS_OWN
from blueprint.drift.model import FindingKind
from blueprint.inventory.membership import as_member, manager
from blueprint.inventory.snapshots import take_snapshot
from blueprint.kubernetes import defaults
from blueprint.kubernetes.api import load_kubernetes
from blueprint.kubernetes.default_values import ALLOCATED, DEFAULTS
from blueprint.kubernetes.defaults import is_allocated, is_default
from blueprint.kubernetes.field_types import Shape, builtin_shape
from blueprint.source.paths import format_path, pointer
from tests.support.drift_platform import JSON_PATCH, bundle_of
from tests.support.soak import WHOLE
from tests.support.soak import dice as dice_for
from tests.support.zero_values import Case, default_cases, filled, make_place

MINOR = "1.36"
SAMPLE = 60
NAME = "defaults"

OTHERS: Mapping[str, tuple[Any, ...]] = {
    "dnsPolicy": ("Default",),
    "schedulerName": ("other",),
    "restartPolicy": ("OnFailure", "Never"),
    "imagePullPolicy": ("Never",),
    "pullPolicy": ("Never",),
    "terminationMessagePath": ("/dev/other",),
    "terminationMessagePolicy": ("FallbackToLogsOnError",),
    "scheme": ("HTTPS",),
    "path": ("/other",),
    "protocol": ("UDP",),
    "type": ("Recreate", "OnDelete", "NodePort", "Directory", "LoadBalancer"),
    "concurrencyPolicy": ("Forbid",),
    "completionMode": ("Indexed",),
    "podReplacementPolicy": ("Failed",),
    "podManagementPolicy": ("Parallel",),
    "whenDeleted": ("Delete",),
    "whenScaled": ("Delete",),
    "sessionAffinity": ("ClientIP",),
    "internalTrafficPolicy": ("Local",),
    "externalTrafficPolicy": ("Local",),
    "ipFamilyPolicy": ("PreferDualStack",),
    "failurePolicy": ("Ignore",),
    "matchPolicy": ("Exact",),
    "reinvocationPolicy": ("IfNeeded",),
    "scope": ("Namespaced", "Cluster"),
    "reclaimPolicy": ("Retain",),
    "persistentVolumeReclaimPolicy": ("Delete",),
    "volumeBindingMode": ("WaitForFirstConsumer",),
    "fsGroupPolicy": ("File",),
    "selectPolicy": ("Min",),
    "policyTypes": (["Ingress", "Egress"], ["Egress"]),
    "policies": ([{"type": "Pods", "value": 9, "periodSeconds": 60}],),
    "metrics": ([],),
    "singular": ("other",),
    "listKind": ("OtherList",),
    "preemptionPolicy": ("Never",),
    "securityContext": ({"runAsUser": 1},),
    "resources": ({"limits": {"example.org/gpu": "1"}},),
    "namespaceSelector": ({"matchLabels": {"a": "b"}},),
    "objectSelector": ({"matchLabels": {"a": "b"}},),
    "metadata": ({"labels": {"a": "b"}},),
    "maxSurge": (3,),
    "maxUnavailable": (3,),
    "targetPort": (8080,),
    "nodePort": (32123, 32124, 32125, 32126, 32127),
    "conversion": ({"strategy": "Webhook"},),
    "finalizers": (["example.org/hold"],),
    "default": ({"cpu": "1500m"},),
    "defaultRequest": ({"cpu": "500m"},),
    "verbs": (["get"],),
}
"""Other valid values of a field by its name; numbers are incremented, and booleans are inverted."""

MUST_BE_CHANGEABLE = (
    ("Service", "nodePort"),
    ("Service", "ipFamilyPolicy"),
    ("Service", "sessionAffinity"),
    ("Service", "internalTrafficPolicy"),
    ("Deployment", "terminationGracePeriodSeconds"),
    ("Deployment", "timeoutSeconds"),
    ("Deployment", "failureThreshold"),
    ("Deployment", "replicas"),
    ("DaemonSet", "maxUnavailable"),
    ("StatefulSet", "partition"),
    ("CronJob", "concurrencyPolicy"),
    ("CronJob", "dnsPolicy"),
    ("HorizontalPodAutoscaler", "selectPolicy"),
    ("HorizontalPodAutoscaler", "minReplicas"),
    ("MutatingWebhookConfiguration", "timeoutSeconds"),
    ("ValidatingWebhookConfiguration", "failurePolicy"),
    ("PersistentVolume", "persistentVolumeReclaimPolicy"),
    ("FlowSchema", "matchingPrecedence"),
)
"""Fields that the test must have changed; the server may reject changes of others."""


@pytest.fixture(scope="module")
def own(lab: Any) -> Iterator[Connection]:
    """A lab of its own: many of these objects are in no namespace."""
    with lab.fresh() as fresh:
        connection = connect(str(fresh.kubeconfig))
        yield connection
        connection.close()


class Trial:
    """One object: applied, compared with and without owners, and changed by hand."""

    def __init__(self, connection: Connection, found: Discovery, case: Case, namespace: str) -> None:
        self.case, self.connection = case, connection
        self.taken = False
        [self.object] = bundle_of(NAME, [filled(case.manifest, namespace)]).objects
        self.trouble: list[str] = []
        self.changed: set[tuple[str, str]] = set()
        resource = found.find(self.object.api_version, self.object.id.kind)
        assert resource, case.kind
        self.url = resource.path(self.object.id.namespace, self.object.id.name)
        shape = builtin_shape(self.object.api_version, self.object.id.kind, MINOR)
        assert shape
        self.shape: Shape = shape

    def run(self) -> None:
        """Apply it and, if the server accepts it, compare and change it."""
        self.wanted = as_member(self.object.data, NAME)
        try:
            self.live = self.connection.apply(self.url, self.wanted, manager(NAME), force=True)[0]
        except ApiError as error:
            assert error.invalid or error.status in {400, 500}, f"{self.case}: {error}"  # noqa: PT017
            return
        self.taken = True
        self.snapshot = take_snapshot(self.object, self.live, NAME)
        self._wiped()
        for path in list(_filled_in(self.wanted, self.live, (), self.shape, self.live)):
            if path[-1] != "finalizers":
                self._change(path)

    def _wiped(self) -> None:
        """Without owners: the server's defaults are not reported as additions, with or without a record of
        the apply.
        """
        wiped = copy.deepcopy(self.live)
        del wiped["metadata"]["managedFields"]
        wiped["metadata"]["resourceVersion"] = "changed"
        wiped["metadata"].setdefault("annotations", {})["touched"] = "1"
        kept = not (self.snapshot.dropped or self.snapshot.adjusted)  # otherwise only a record shows what was declared
        for snapshot in (self.snapshot, None):
            found = compare(self.object, self.wanted, wiped, snapshot, manager(NAME), self.shape).differences
            told = {(d.kind, format_path(d.pair.there, wiped)) for d in found if snapshot or kept or _is_new(d)}
            touched = {(FindingKind.FOREIGN_ADDITION, "metadata.annotations.touched")}
            expected = touched | ({(FindingKind.OWNERSHIP_LOST, "")} if snapshot else set())
            if told != expected:
                how = "with" if snapshot else "without"
                self.trouble.append(f"{self.case}: owners wiped, {how} a record: {sorted(map(str, told ^ expected))}")

    def _change(self, path: Path) -> None:
        old = _at(self.live, path)
        for other in _others(path, old):
            patch = [{"op": "replace", "path": pointer(path), "value": other}]
            try:
                query = {"fieldManager": "mallory"}
                after = self.connection.request("PATCH", self.url, patch, query=query, content_type=JSON_PATCH)
            except ApiError:
                continue
            if _at(after, path) == old:
                continue
            self.changed.add((self.object.id.kind, str(path[-1])))
            found = compare(self.object, self.wanted, after, self.snapshot, manager(NAME), self.shape).differences
            if not any(_is_near(d.pair.there, path) and d.writer and d.writer.manager == "mallory" for d in found):
                told = [(str(d.kind), format_path(d.pair.there, after)) for d in found]
                self.trouble.append(f"{self.case}: {format_path(path, after)} {old!r} -> {other!r} is missed: {told}")
            return


def _filled_in(want: Any, have: Any, at: Path, shape: Shape, live: Any) -> Iterator[Path]:
    """The paths at which the live object has defaults of the server, as deep as they go."""
    if isinstance(have, Mapping):
        for key, value in have.items():
            path = (*at, key)
            if path in SERVERS_OWN or path == ("metadata", "labels"):
                continue
            wanted = want.get(key, ABSENT) if isinstance(want, Mapping) else ABSENT
            if wanted is ABSENT and not (isinstance(value, Mapping) and value):
                yield from [path] if is_default(path, value, shape, live) or is_allocated(path, shape) else []
            else:
                yield from _filled_in(wanted, value, path, shape, live)
    elif isinstance(have, list) and isinstance(want, list):
        keys = shape.list_keys(at)
        for index, value in enumerate(have):
            found = find_item(want, value, keys) if keys else index if index < len(want) else None
            if found is not None:
                yield from _filled_in(want[found], value, (*at, index), shape, live)


def _others(path: Path, value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    named = OTHERS.get(str(path[-1]), ())
    if isinstance(value, int):
        return (*named, value + 1, value - 1, 2, 5)
    return (*named, f"{value}x") if isinstance(value, str) else named


def _is_new(difference: Difference) -> bool:
    return difference.kind is FindingKind.FOREIGN_ADDITION


def _is_near(one: Path, other: Path) -> bool:
    return one[: len(other)] == other or other[: len(one)] == one


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step] if isinstance(step, int) or step in data else ABSENT
        if data is ABSENT:
            break
    return data


def _always() -> list[Case]:
    """The same in every run, regardless of the seed: enough to cover every entry of the table."""
    cases = default_cases(MINOR)
    first = {case.value: case for case in reversed(cases)}
    return [case for case in cases if case.path in {"", "more"} or case is first[case.value]]


def _by_chance() -> list[Case]:
    """Some of the rest, or all of it."""
    named = {case.manifest["metadata"]["name"] for case in _always()}
    rest = [case for case in default_cases(MINOR) if case.manifest["metadata"]["name"] not in named]
    return rest if WHOLE else dice_for("defaults").sample(rest, SAMPLE)


def test_the_table_is_what_the_server_fills_in_and_a_change_of_it_is_found(
    own: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _watched(monkeypatch)
    trials = _tried(own, _always())
    shown, changed = set(seen), {entry for trial in trials for entry in trial.changed}
    trials += _tried(own, _by_chance())
    trouble = [line for trial in trials for line in trial.trouble]
    taken = sum(trial.taken for trial in trials)
    print(f"{taken} of {len(trials)} objects taken, {len(shown)} defaults shown, {len(changed)} changed")  # noqa: T201
    assert not trouble, "\n".join([str(len(trouble)), *trouble[:150]])
    table = {(definition, way) for part in (DEFAULTS, ALLOCATED) for definition, ways in part.items() for way in ways}
    unproven = {entry for entry in table - shown if _exists(*entry)}
    assert not unproven, f"no object shows these defaults: {sorted(unproven)}"
    assert set(MUST_BE_CHANGEABLE) <= changed, sorted(set(MUST_BE_CHANGEABLE) - changed)


def _tried(own: Connection, cases: list[Case]) -> list[Trial]:
    """One trial each, in namespaces of their own for each kind."""
    found = discover(own)
    namespaces: dict[str, str] = {}
    trials = []
    for case in cases:
        kind = f"{case.kind} {case.path == 'more'}"
        if kind not in namespaces:
            namespaces[kind] = make_place(own, f"d-{uuid.uuid4().hex[:8]}")
        trials.append(Trial(own, found, case, namespaces[kind]))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(Trial.run, trials))
    return trials


def _watched(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """The entries that from now on identify a live value as the server's default."""
    seen: set[tuple[str, str]] = set()

    def watch(module: Any, name: str, table: Mapping[str, Any]) -> None:
        asked = getattr(module, name)

        def asking(path: Path, *rest: Any) -> bool:
            answer: bool = asked(path, *rest)
            shape = next(one for one in rest if isinstance(one, Shape))
            ways = shape.at(path).within if answer else ()
            seen.update([(definition, way) for definition, way in ways if way in table.get(definition, ())][:1])
            return answer

        monkeypatch.setattr(module, name, asking)

    watch(defaults, "_is_known_default", DEFAULTS)
    watch(extra_fields, "is_allocated", ALLOCATED)
    return seen


NOT_SHOWN: Mapping[str, str] = {
    "apimachinery.pkg.apis.meta.v1.OwnerReference.apiVersion": "only in templates, where nobody validates it",
    "apimachinery.pkg.apis.meta.v1.OwnerReference.kind": "only in templates, where nobody validates it",
    "apimachinery.pkg.apis.meta.v1.OwnerReference.name": "only in templates, where nobody validates it",
    "apimachinery.pkg.apis.meta.v1.OwnerReference.uid": "only in templates, where nobody validates it",
    "apps.v1.StatefulSetSpec.ordinals.start": "shown by the empty values",
    "discovery.v1.ForZone.name": "shown by the empty values",
    "resource.v1.DeviceCapacity.value": "shown by the empty values",
    "storage.v1.TokenRequest.audience": "shown by the empty values",
    "core.v1.PodCertificateProjection.maxExpirationSeconds": "only with a feature gate",
    "flowcontrol.v1.ExemptPriorityLevelConfiguration.lendablePercent": "only of the level called `exempt`",
    "flowcontrol.v1.ExemptPriorityLevelConfiguration.nominalConcurrencyShares": "only of the level called `exempt`",
}
"""Entries that no test object can cover, with the reason."""


def _exists(definition: str, way: str) -> bool:
    return f"{definition}.{way}" not in NOT_SHOWN


def test_every_entry_is_of_a_field_that_exists() -> None:
    """A misspelt type or field would never be looked up."""
    known = load_kubernetes(MINOR).definitions
    for definition, ways in {**DEFAULTS, **ALLOCATED}.items():
        name = next(n for n in (f"io.k8s.api.{definition}", f"io.k8s.{definition}") if n in known)
        shape = Shape({"$ref": f"#/$defs/{name}"}, known, builtin=True)
        for way in ways:
            assert _leads_somewhere(shape, (), way.split(".")), f"{definition}.{way}"


def _leads_somewhere(shape: Shape, at: Path, steps: list[str]) -> bool:
    if not steps:
        return bool(shape.at(at).node)
    if shape.at(at).node.get("type") == "array":
        return _leads_somewhere(shape, (*at, 0), steps)
    return steps[0] == "status" or _leads_somewhere(shape, (*at, steps[0]), steps[1:])
