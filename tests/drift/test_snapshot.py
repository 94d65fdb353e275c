"""A snapshot file represents the cluster at its time, without access to it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import orjson
import pytest

from blueprint.diagnostics import Refused
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.snapshot import digest_of, read_snapshot, take, to_bytes
from blueprint.drift.view import ClusterView
from tests.support.drift_platform import Applied


def written(applied: Applied, path: Path) -> Path:
    snapshot = take(applied.bundle, ClusterView(applied.connection))
    path.write_bytes(to_bytes(snapshot, compressed=path.suffix == ".gz"))
    return path


@pytest.mark.parametrize("name", ["plain.json", "packed.json.gz"])
def test_a_snapshot_of_a_clean_cluster_is_clean(applied: Applied, tmp_path: Path, name: str) -> None:
    view = read_snapshot(written(applied, tmp_path / name))

    report = detect_drift(applied.bundle, view)

    assert (report.findings, report.exit_code) == ((), 0)
    assert [d.code.id for d in report.diagnostics] == ["BP8041"]


def test_a_snapshot_shows_the_same_findings_as_the_cluster(applied: Applied, tmp_path: Path) -> None:
    applied.patch("Deployment", {"spec": {"template": {"spec": {"hostNetwork": True}}}}, manager="mallory")
    applied.patch("Secret", {"data": {"token": "b3RoZXItc2VjcmV0"}})
    applied.patch("Service", {"metadata": {"labels": {"x": "y"}}})
    applied.connection.delete(applied.path("ConfigMap"))
    view = read_snapshot(written(applied, tmp_path / "s.json.gz"))

    def told(findings: list) -> set:
        return {(f.kind, f.subject, f.path, f.writer) for f in findings}

    assert told(list(detect_drift(applied.bundle, view).findings)) == told(applied.findings())
    assert len(applied.findings()) == 4


def test_secrets_are_compared_and_not_in_the_file(applied: Applied, tmp_path: Path) -> None:
    """Only the Secret's metadata changed: its value is recognised as the declared one by its hash."""
    applied.patch("Secret", {"metadata": {"labels": {"x": "y"}}})
    path = written(applied, tmp_path / "s.json")

    [finding] = detect_drift(applied.bundle, read_snapshot(path)).findings

    assert (finding.kind, finding.path) == (FindingKind.FOREIGN_ADDITION, "metadata.labels.x")
    assert b"c2VjcmV0LXRva2Vu" not in path.read_bytes()


def test_what_was_unseen_then_is_unknown_now(applied: Applied, tmp_path: Path) -> None:
    path = written(applied, tmp_path / "s.json")
    document = orjson.loads(path.read_bytes())
    document["objects"] = [o for o in document["objects"] if o["live"]["kind"] != "Service"]
    document["unseen"] = [["", "Service", applied.namespace, "web", "403 Forbidden"]]
    document["digest"] = digest_of(document)
    path.write_bytes(orjson.dumps(document))

    report = detect_drift(applied.bundle, read_snapshot(path))

    assert (report.exit_code, report.unknown) == (3, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\x1f\x8b junk",
        gzip.compress(b"{}", mtime=0)[:-6],
        b'{"schemaVersion": "gpublueprint.dev/snapshot/v9"}',
        b'{"schemaVersion": "gpublueprint.dev/snapshot/v1", "objects": [1], "nodes": null}',
    ],
)
def test_a_file_that_is_not_a_snapshot_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)

    with pytest.raises(Refused) as refused:
        read_snapshot(path)

    assert (refused.value.exit_code, refused.value.diagnostics[0].code.id) == (2, "BP8040")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        read_snapshot(tmp_path / "none")


def test_a_snapshot_that_was_changed_is_refused(applied: Applied, tmp_path: Path) -> None:
    """Any change is detected: of an object, the time, the cluster, or the digest itself."""
    path = written(applied, tmp_path / "s.json")
    whole = json.loads(path.read_bytes())
    assert read_snapshot(path).digest == whole["digest"]
    edits = (
        {"taken": "2020-01-01T00:00:00Z"},
        {"objects": whole["objects"][:-1]},
        {"cluster": {}},
        {"digest": "sha256:0"},
    )
    for edit in edits:
        path.write_text(json.dumps(whole | edit))
        with pytest.raises(Refused, match="does not match its own digest"):
            read_snapshot(path)
    path.write_text(json.dumps(whole))
    assert read_snapshot(path).digest, "the order and the spaces of JSON say nothing"


def test_a_snapshot_names_its_cluster_and_its_bundle(applied: Applied, tmp_path: Path) -> None:
    view = read_snapshot(written(applied, tmp_path / "s.json.gz"))
    uid = applied.connection.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert (view.cluster.uid, view.cluster.version) == (uid, applied.connection.version)
    assert view.cluster.endpoint == applied.connection.endpoint.server
    assert view.bundle == (applied.bundle.digest or "")
