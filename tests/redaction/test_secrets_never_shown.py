"""A Secret's values appear in no report, plan file, snapshot, record or diagnostic, wherever they are in it."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import Entry
from blueprint.bundle.model import Object, ObjectId
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange, differences
from blueprint.check.objects import check_objects
from blueprint.cluster import findings
from blueprint.cluster.plan_model import FieldConflict, LiveVersion, Plan, Step
from blueprint.cluster.planfile import save_plan
from blueprint.diagnostics import Diagnostic
from blueprint.drift.diagnostics import diagnostics_of
from blueprint.drift.model import Finding, FindingKind
from blueprint.inventory.snapshots import take_snapshot
from blueprint.redaction.hashes import with_hashed_secrets
from blueprint.redaction.secrets import LAST_APPLIED, is_confidential, is_confidential_field
from blueprint.report import Run
from blueprint.report.output import format_names, write_reports
from blueprint.source.paths import format_path
from tests.support.bundles import bundle

VALUE = "hunter2hunter2"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "db", "namespace": "apps", "uid": "u1", "resourceVersion": "7", "labels": {"app": "db"}},
    "type": "Opaque",
    "data": {"token": "b3RoZXI="},
}
PLACES = [
    ("data", "token"),
    ("data", "token.pem"),
    ("data",),
    ("stringData", "token"),
    ("stringData",),
    ("stringdata", "token"),
    ("spec", "password"),
    ("metadata", "annotations", LAST_APPLIED),
]
KINDS = [
    FindingKind.MODIFIED,
    FindingKind.REMOVED,
    FindingKind.FOREIGN_ADDITION,
    FindingKind.OWNERSHIP_LOST,
    FindingKind.REORDERED,
    FindingKind.UNKNOWN,
]
texts = st.sampled_from([VALUE, ENCODED, json.dumps({"data": {"token": ENCODED}}), f"line\n{VALUE}\n"])
values = st.recursive(
    texts, lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.just("x"), inner), max_leaves=3
)
places = st.sampled_from(PLACES)


def with_value(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A Secret that has `value` at `path`."""
    secret = copy.deepcopy(SECRET)
    here = secret
    for step in path[:-1]:
        here = here.setdefault(step, {})
    here[path[-1]] = value
    return secret


def reports(changes: Iterable[ObjectChange] = (), diagnostics: Iterable[Diagnostic] = ()) -> str:
    """A run in every format."""
    run = Run("plan", "", tuple(diagnostics), changes=tuple(changes))
    shown = ""
    for format_ in format_names():
        stream = StringIO()
        write_reports(
            run, [format_], base=Path(), stdout=stream, width=100, color=False, source=lambda _: None, verbose=True
        )
        shown += stream.getvalue()
    return shown


def is_shown(text: str) -> bool:
    return VALUE in text or ENCODED in text


@given(places, values, st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_report_shows_a_value_that_changes(path: tuple[str, ...], value: Any, added: bool) -> None:
    before, after = SECRET, with_value(path, value)
    fields = tuple(FieldChange(at, old, new) for at, old, new in differences(before, after))
    if added:
        fields = (FieldChange((), ABSENT, after), FieldChange(("metadata",), ABSENT, after["metadata"]))
    assert not is_shown(reports([ObjectChange(ObjectId.of(SECRET), Action.UPDATE, fields)]))


@given(places, values, values, st.sampled_from(KINDS))
@settings(max_examples=30, deadline=None)
def test_no_drift_shows_it(path: tuple[str, ...], live: Any, declared: Any, kind: FindingKind) -> None:
    for at in (format_path(path), "metadata.annotations" if "annotations" in path else path[0], ""):
        inside = {LAST_APPLIED: live} if at == "metadata.annotations" else {path[-1]: live}
        for there in (live, inside):
            found = Finding(kind, "Secret/apps/db", at, declared=declared, live=there)
            [diagnostic] = diagnostics_of([found])
            assert not is_shown(repr(diagnostic))
            assert not is_shown(reports(diagnostics=[diagnostic]))


@given(places, values, values, st.booleans(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_conflict_shows_it(path: tuple[str, ...], live: Any, declared: Any, taken: bool, in_the_way: bool) -> None:
    owner = Entry("mallory", "Update", "", "", {})
    for at in (path, ()):
        conflict = FieldConflict(at, declared, live, owner, None, in_the_way=in_the_way)
        found = findings.conflict(ObjectId.of(SECRET), conflict, with_value(path, live), taken=taken)
        assert not is_shown(repr(found))


def test_values_that_differ_do_not_look_equal() -> None:
    """The placeholder of a hidden value is not a value: it gets no number."""
    conflict = FieldConflict(("data", "token"), ENCODED, "b3RoZXI=", Entry("mallory", "Update", "", "", {}), None)
    found = findings.conflict(ObjectId.of(SECRET), conflict, SECRET)
    assert "<secret" not in reports(diagnostics=[found])


def test_labels_of_a_secret_are_shown() -> None:
    conflict = FieldConflict(("metadata", "labels", "app"), "db", "cache", Entry("mallory", "Update", "", "", {}), None)
    found = findings.conflict(ObjectId.of(SECRET), conflict, SECRET)
    assert 'which has "cache", but the blueprint declares "db"' in found.message


def test_no_error_of_the_server_shows_it() -> None:
    error = ApiError(422, "Invalid", f'Secret "db" is invalid: data: Invalid value: "{VALUE}"')
    subject = Object(with_value(("data", "token"), VALUE), "c")
    assert not is_shown(repr(findings.trouble(subject, error)))
    assert not is_shown(repr(findings.needs_replacement(subject.id, error.message, None, (), None)))


@given(places, values | st.just([VALUE]), st.sampled_from(["v1", "v2", ""]))
@settings(max_examples=30, deadline=None)
def test_no_check_shows_it(path: tuple[str, ...], value: Any, version: str) -> None:
    secret = with_value(path, value) | {"apiVersion": version}
    found = check_objects([Object(secret, "c")], kubernetes_minor="1.36")
    assert not is_shown("".join(map(repr, found)))
    assert not is_shown(reports(diagnostics=found))


@given(places, values)
@settings(max_examples=30, deadline=None)
def test_no_snapshot_has_it(path: tuple[str, ...], value: Any) -> None:
    secret = with_value(path, value)
    assert not is_shown(json.dumps(with_hashed_secrets(secret, "key")))
    assert with_hashed_secrets(SECRET, "key")["metadata"] == SECRET["metadata"]


@given(places, values)
@settings(max_examples=30, deadline=None)
def test_no_record_of_what_was_applied_has_it(path: tuple[str, ...], value: Any) -> None:
    live = with_value(path, value)
    declared = with_value(path, "another")
    fields = {f"f:{path[0]}": {} if len(path) == 1 else {f"f:{path[1]}": {}}}
    entry = {"manager": "gpublueprint:prod", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields}
    live["metadata"]["managedFields"] = [entry]
    assert not is_shown(repr(take_snapshot(Object(declared, "c"), live, "prod")))


@pytest.mark.parametrize("path", PLACES)
def test_no_plan_file_has_what_is_in_the_cluster(path: tuple[str, ...], tmp_path: Path) -> None:
    """A plan contains what is declared, like the bundle; of the live object only hashes."""
    live = with_value(path, VALUE)
    fields = tuple(FieldChange(at, old, new) for at, old, new in differences(live, SECRET))
    wanted = bundle("prod", SECRET)
    step = Step(wanted.objects[0], Action.UPDATE, fields, live=live, seen=LiveVersion.of(live))
    save_plan(Plan(wanted, "uid", "v1.36.0", None, (step,)), tmp_path / "plan.json")
    assert not is_shown((tmp_path / "plan.json").read_text())


@pytest.mark.parametrize("path", PLACES)
def test_paths_and_written_fields_agree(path: tuple[str, ...]) -> None:
    assert is_confidential(path)
    assert is_confidential_field(format_path(path))
    assert is_confidential_field(f".{'.'.join(path)}")


@pytest.mark.parametrize(
    "path", [("type",), ("metadata", "name"), ("metadata", "labels"), ("metadata", "labels", "a.b")]
)
def test_what_identifies_a_secret_is_shown(path: tuple[str, ...]) -> None:
    assert not is_confidential(path)
    assert not is_confidential_field(format_path(path))
