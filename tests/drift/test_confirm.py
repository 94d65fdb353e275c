"""Values that neither ownership nor a record decides: a dry-run decides them, and without one they are unknown."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from blueprint.inventory.membership import as_member, manager
from blueprint.records import replace
from tests.support.drift_platform import JSON_PATCH, MERGE_PATCH, Applied, apply, bundle_of
from tests.support.zero_values import certificate_request

WRAPPED = "c2Vj\ncmV0"
"""Base64 with line breaks, as some tools write it: the API server stores it in one line."""


@pytest.fixture
def unrecorded(connection: Connection, namespace: str) -> Applied:
    """A Secret that was applied under our name, and no record of it."""
    meta = {"name": "web", "namespace": namespace}
    data = {"token": WRAPPED, "other": "YQ=="}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": data}
    applied = Applied(bundle_of(f"confirm-{uuid.uuid4().hex[:8]}", [secret]), namespace, connection)
    as_ours(applied, secret)
    return applied


def as_ours(applied: Applied, manifest: dict[str, Any]) -> None:
    name = applied.bundle.name
    applied.connection.apply(applied.path("Secret"), as_member(manifest, name), manager(name), force=True)


def test_what_the_server_stores_in_another_form_is_not_drift(unrecorded: Applied) -> None:
    report = unrecorded.drift()

    assert (report.findings, [d.code.slug for d in report.diagnostics]) == ((), ["record-lost"])
    assert len(report.left_out) == 1


def test_without_a_dry_run_it_is_unknown(unrecorded: Applied) -> None:
    report = unrecorded.drift(dry_run=False)

    assert [(f.kind, f.path) for f in report.findings] == [(FindingKind.UNKNOWN, "data.token")]
    assert (report.exit_code, report.coverage[0].examined, report.coverage[0].unknown) == (3, 1, 1)
    assert "BP8013" in {d.code.id for d in report.diagnostics}


def test_a_value_under_our_name_that_no_apply_gives_is_drift(unrecorded: Applied) -> None:
    other = copy.deepcopy(unrecorded.declared("Secret").data)
    other["data"] |= {"token": "eA=="}
    as_ours(unrecorded, other)

    [finding] = unrecorded.findings()

    assert (finding.kind, finding.path) == (FindingKind.MODIFIED, "data.token")


def test_a_dry_run_excuses_nothing_but_what_was_open(unrecorded: Applied) -> None:
    """Another manager took the field over with the declared value: an apply would keep the live value, but it is
    reported.
    """
    for value in ("Yg==", "YQ=="):
        unrecorded.patch("Secret", [{"op": "replace", "path": "/data/other", "value": value}], how=JSON_PATCH)

    [finding] = unrecorded.findings()

    assert (finding.kind, finding.path) == (FindingKind.OWNERSHIP_LOST, "data.other")


@pytest.fixture
def request_for_a_certificate(connection: Connection, namespace: str) -> Iterator[tuple[Bundle, Connection, str]]:
    """Applied by us. The server resets its spec in every apply, so no manager is ever recorded as its owner."""
    spec = {"request": certificate_request(), "signerName": "example.org/signer", "usages": ["client auth"]}
    meta = {"name": namespace, "labels": {"ours": "1"}}
    kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    name = f"csr-{uuid.uuid4().hex[:8]}"
    bundle = replace(bundle_of(name, [kind | {"metadata": meta, "spec": spec}]), digest=uuid.uuid4().hex)
    apply(bundle, connection)
    url = f"/apis/certificates.k8s.io/v1/certificatesigningrequests/{namespace}"
    touch = {"metadata": {"labels": {"touched": "1"}}}
    connection.request("PATCH", url, touch, query={"fieldManager": "mallory"}, content_type=MERGE_PATCH)
    yield bundle, connection, url
    connection.delete(url)


def test_a_field_that_the_server_lets_nobody_own_is_not_lost(request_for_a_certificate: Any) -> None:
    """Decided by the record or, if another manager took a label of ours and the record no longer decides it, by a
    dry-run.
    """
    bundle, connection, url = request_for_a_certificate
    added = (FindingKind.FOREIGN_ADDITION, "metadata.labels.touched")
    for dry_run in (False, True):
        report = detect_drift(bundle, ClusterView(connection), dry_run=dry_run)
        assert {(f.kind, f.path) for f in report.findings} == {added}

    for value in ("x", "1"):
        patch = {"metadata": {"labels": {"ours": value}}}
        connection.request("PATCH", url, patch, query={"fieldManager": "mallory"}, content_type=MERGE_PATCH)
    report = detect_drift(bundle, ClusterView(connection))
    lost = (FindingKind.OWNERSHIP_LOST, "metadata.labels.ours")
    assert {(f.kind, f.path) for f in report.findings} == {added, lost}
