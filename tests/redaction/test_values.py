"""Values of Secrets become numbered tokens: equal ones the same, different ones different, the rest untouched."""

from __future__ import annotations

from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.diagnostics import Diagnostic, Note
from blueprint.report import Run
from blueprint.report.record import record_of
from tests.support import report_sample as sample

SECRET = ObjectId("", "Secret", "apps", "db")


def masked(identity: ObjectId, *fields: FieldChange) -> list[tuple[object, object]]:
    [change] = record_of(Run("plan", "", changes=(ObjectChange(identity, Action.UPDATE, fields),))).changes
    return [(field.before, field.after) for field in change.fields]


def test_equal_values_get_equal_tokens() -> None:
    told = masked(
        SECRET, FieldChange(("data", "a"), "eA==", "eQ=="), FieldChange(("data", "b"), "eQ==", "eA=="),
        FieldChange(("data",), ABSENT, {"c": "eA==", "d": "eg=="}),
    )  # fmt: skip
    assert told == [
        ("<secret 1>", "<secret 2>"),
        ("<secret 2>", "<secret 1>"),
        (ABSENT, {"c": "<secret 1>", "d": "<secret 3>"}),
    ]


def test_metadata_and_type_of_a_secret_stay_readable() -> None:
    told = masked(SECRET, FieldChange(("type",), "Opaque", "tls"), FieldChange(("metadata", "labels"), {"a": "b"}, {}))
    assert told == [("Opaque", "tls"), ({"a": "b"}, {})]


def test_a_copy_of_the_secret_in_its_annotations_is_hidden() -> None:
    """`kubectl apply` writes the whole manifest, values included, into an annotation."""
    key = "kubectl.kubernetes.io/last-applied-configuration"
    manifest = '{"data":{"a":"eA=="}}'
    assert masked(
        SECRET,
        FieldChange(("metadata", "annotations", key), ABSENT, manifest),
        FieldChange(("metadata", "annotations"), ABSENT, {key: manifest, "b": "c"}),
        FieldChange(("metadata",), {}, {"annotations": {key: manifest}}),
    ) == [
        (ABSENT, "<secret 1>"),
        (ABSENT, {key: "<secret 1>", "b": "c"}),
        ({}, {"annotations": {key: "<secret 1>"}}),
    ]


def test_other_kinds_are_not_masked() -> None:
    field = FieldChange(("data", "a"), "x", "y")
    assert masked(ObjectId("", "ConfigMap", "apps", "db"), field) == [("x", "y")]
    assert masked(ObjectId("example.com", "Secret", "apps", "db"), field) == [("x", "y")]


def told(**members: object) -> Diagnostic:
    given = {"message": "m", "subject": "Secret/apps/db", "path": "data.a", **members}
    [finding] = record_of(Run("drift", "", (Diagnostic(sample.DRIFT, **given),))).findings
    return finding.diagnostic


def test_evidence_is_hidden_wherever_it_is_repeated() -> None:
    found = told(
        message='data.a is "opensesame"',
        label="opensesame here",
        notes=(Note("was opensesame"),),
        help="not opensesame",
        evidence=(("live", '"opensesame"'), ("writer", "mallory"), ("declared", "(absent)")),
    )
    assert "opensesame" not in repr(found)
    assert found.message == 'data.a is "<secret 1>"'
    assert found.evidence == (("live", "<secret 1>"), ("writer", "mallory"), ("declared", "(absent)"))


def test_a_whole_secret_is_hidden_and_its_labels_are_not() -> None:
    evidence = (("live", "opensesame"),)
    assert told(path=None, evidence=evidence).evidence == (("live", "<secret 1>"),)
    assert told(path='data["a.b"]', evidence=evidence).evidence == (("live", "<secret 1>"),)
    assert told(path="metadata.labels.app", evidence=evidence).evidence == evidence
    assert told(subject="ConfigMap/apps/db", evidence=evidence).evidence == evidence
