"""The content of a revision: all manifests and node marks that a bundle declared.

It is used to roll back an apply, and to compare the cluster if the bundle is not available. Applies and drift detection
need only hashes, so the content is stored next to the inventory and read on demand.

It does not contain values of Secrets. Each is replaced by a keyed hash, which only shows whether a value is still the
one that was applied. A Secret that has changed since can therefore not be restored from a revision.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from blueprint.bundle.model import Bundle, BundlePool, Object, ObjectId, Taint
from blueprint.inventory.model import Revision
from blueprint.inventory.snapshots import now
from blueprint.records import Record, asdict
from blueprint.redaction.hashes import with_hashed_secrets
from blueprint.redaction.secrets import is_secret_manifest

PART_SIZE = 640 * 1024
"""Bytes of compressed content per ConfigMap; the API server accepts 1 MiB of base64."""

_LARGEST = 256 * 1024 * 1024
_FORMAT = "1"
_ID_LENGTH = 16


class RevisionContent(Record):
    """A decoded revision: the bundle without its lines, and the Secrets in it whose values are hashes."""

    bundle: Bundle
    redacted: frozenset[ObjectId]


def revision_of(bundle: Bundle) -> Revision:
    """The revision for a bundle, not stored yet. Reads no manifests."""
    named = [[*_row(obj), obj.digest] for obj in bundle.objects]
    seed = orjson.dumps([named, _pools(bundle), bundle.node_labels])
    identity = hashlib.sha256(seed).hexdigest()[:_ID_LENGTH]
    return Revision(identity, bundle.version, bundle.release, bundle.digest, now())


def content_parts(bundle: Bundle, revision: Revision) -> list[bytes]:
    """The content of a bundle, compressed, in pieces that fit into a ConfigMap each."""
    document = {
        "format": _FORMAT,
        "kubernetes": bundle.kubernetes,
        "distribution": bundle.distribution,
        "cluster": bundle.cluster_uid,
        "nodeLabels": bundle.node_labels,
        "pools": _pools(bundle),
        "objects": [
            [*_row(obj), obj.component, with_hashed_secrets(obj.data, key=revision.id)] for obj in bundle.objects
        ],
    }
    packed = gzip.compress(orjson.dumps(document), compresslevel=6, mtime=0)
    return [packed[start : start + PART_SIZE] for start in range(0, len(packed), PART_SIZE)]


def parse_content(blueprint: str, revision: Revision, parts: Sequence[bytes]) -> RevisionContent:
    """Decode `content_parts`. Raises ValueError, KeyError, TypeError or zlib.error for malformed content."""
    unpacker = zlib.decompressobj(wbits=31)
    text = unpacker.decompress(b"".join(parts), _LARGEST)
    if unpacker.unconsumed_tail:
        raise ValueError(f"revision {revision.id} is larger than any that blueprint writes")
    data = orjson.loads(text)
    if data["format"] != _FORMAT:
        raise ValueError(f"revision {revision.id} is of format {data['format']!r}")
    objects = tuple(_objects(data["objects"]))
    bundle = Bundle(
        name=blueprint,
        version=revision.version,
        release=revision.release,
        kubernetes=data["kubernetes"],
        distribution=data["distribution"],
        cluster_uid=data["cluster"],
        node_labels=data["nodeLabels"],
        objects=objects,
        pools=tuple(_pool(pool) for pool in data["pools"]),
        expectations=(),
        digest=revision.digest,
    )
    return RevisionContent(bundle, frozenset(obj.id for obj in objects if is_secret_manifest(obj.data)))


def _row(obj: Object) -> list[str]:
    i = obj.id
    return [i.group, i.kind, i.namespace, i.name, obj.api_version]


def _objects(rows: Sequence[Any]) -> Iterator[Object]:
    for *_, component, data in rows:
        yield Object(data, component)


def _pools(bundle: Bundle) -> list[dict[str, Any]]:
    """The declared facts about nodes: their selectors, their number, and the marks that we set."""
    return [
        {
            "name": pool.name,
            "selector": dict(pool.selector),
            "nodes": [pool.nodes_min, pool.nodes_max],
            "labels": dict(pool.labels),
            "taints": [asdict(taint) for taint in pool.taints],
            **({"provisioned": True} if pool.provisioned else {}),
        }
        for pool in bundle.pools
    ]


def _pool(data: Mapping[str, Any]) -> BundlePool:
    least, most = data["nodes"]
    taints = tuple(Taint(**taint) for taint in data["taints"])
    return BundlePool(
        data["name"],
        data["selector"],
        least,
        most,
        data["labels"],
        taints,
        None,
        0,
        {},
        provisioned=data.get("provisioned", False),
    )
