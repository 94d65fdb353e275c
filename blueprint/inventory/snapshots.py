"""Snapshots of live objects right after they were applied, and what they prove later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from blueprint.apiserver.managed_fields import (
    content_hash,
    departures,
    fieldset_hash,
    has_foreign_fields,
    mismatches,
    own_entry,
    server_spelling,
    value_at,
)
from blueprint.bundle.model import Object
from blueprint.changes.compare import ABSENT
from blueprint.inventory.membership import as_member, manager
from blueprint.inventory.model import Inventory, Snapshot
from blueprint.redaction.secrets import is_confidential_field, is_secret_manifest


def desired_hash(obj: Object) -> str:
    """A digest of an object as the bundle declares it; a stored bundle contains it, so the manifest is not read."""
    return obj.digest


def was_applied(record: Inventory, obj: Object) -> bool:
    """Whether this very declaration is the last one that was applied to an object."""
    member = record.members.get(obj.id)
    return member is not None and member.snapshot is not None and member.snapshot.desired == desired_hash(obj)


def take_snapshot(obj: Object, live: Mapping[str, Any], blueprint: str) -> Snapshot:
    """The snapshot of a live object in the state in which we applied it."""
    own = own_entry(live, manager(blueprint))
    tree = own.fields if own else {}
    wanted = as_member(obj.data, blueprint)
    differing = {*mismatches(tree, wanted, live), *departures(tree, wanted, live)}
    holds_secrets = is_secret_manifest(live)
    stored = {server_spelling(at): value_at(at, live) for at in sorted(differing)}
    return Snapshot(
        uid=str(live["metadata"]["uid"]),
        resource_version=str(live["metadata"]["resourceVersion"]),
        content=content_hash(live),
        fieldset=fieldset_hash(tree),
        desired=desired_hash(obj),
        time=now(),
        foreign=has_foreign_fields(live, manager(blueprint)),
        adjusted={
            at: value
            for at, value in stored.items()
            if value is not ABSENT and not (holds_secrets and is_confidential_field(at))
        },
        dropped=[at for at, value in stored.items() if value is ABSENT],
    )


def is_held(snapshot: Snapshot, live: Mapping[str, Any], manager: str) -> bool:
    """Whether we own exactly the fields that were ours right after the apply."""
    own = own_entry(live, manager)
    return own is not None and fieldset_hash(own.fields) == snapshot.fieldset


def is_unchanged(snapshot: Snapshot | None, live: Mapping[str, Any]) -> bool:
    """Tier 0: the same object, with the content that it had right after the apply. The bundle is not read."""
    if snapshot is None or live["metadata"].get("uid") != snapshot.uid:
        return False
    if live["metadata"].get("resourceVersion") == snapshot.resource_version:
        return True
    return content_hash(live) == snapshot.content


def now() -> str:
    """The current time, RFC 3339 in UTC, in seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
