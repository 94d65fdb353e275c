"""Reads the bundle folder that `compile` writes, and verifies it.

`blueprint.lock` lists every file with its SHA-256 and contains a digest of itself, so that an edited file can be
distinguished from an edited lock. Manifests are parsed on first use.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from blueprint.bundle import codes
from blueprint.bundle.file_replacement import is_half_written
from blueprint.bundle.layout import EXPECTATIONS, LOCK, LOCK_SCHEMA, MANIFESTS, PROVENANCE, SLICES, object_file, sealed
from blueprint.bundle.model import Bundle, BundlePool, Object, SourcesByKey
from blueprint.bundle.origin_codec import DecodedSets
from blueprint.bundle.provenance import Provenance, StoredFacts
from blueprint.bundle.stored_object import StoredObject
from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.platform.nodes.taints import Taint
from blueprint.probe.expectations import Expectation
from blueprint.records import replace

if TYPE_CHECKING:
    from blueprint.platform.dra.published import Publication


Slices = Mapping[str, "tuple[Publication, ...]"]
"""The predicted ResourceSlices of a node, by pool."""


def read_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`. Raises Refused: exit code 2 if it is not a bundle, 1 if anything in it was edited."""
    lock, found = verify(folder)
    if lock is None or found:
        raise Refused(*found, exit_code=2 if lock is None else 1)
    return _read(folder, lock)


def read_as_it_stands(folder: Path) -> tuple[Bundle, list[Diagnostic]]:
    """The bundle in `folder`, including manual edits, and diagnostics about the edited files. For comparison only;
    never apply it.

    Raises Refused, exit code 2, if the lock or the provenance is not as compiled, because files then cannot be
    identified.
    """
    lock, found = verify(folder)
    if lock is None or any(each.code is codes.BUNDLE_LOCK_EDITED for each in found) or _is_edited(PROVENANCE, found):
        raise Refused(*found, exit_code=2)
    bundle = _read(folder, lock)
    if not found:
        return bundle, found
    listed = {str(entry["file"]): str(entry["component"]) for entry in lock["objects"]}
    return replace(bundle, objects=tuple(_as_they_stand(folder, bundle, listed, found))), found


def _as_they_stand(
    folder: Path, bundle: Bundle, listed: Mapping[str, str], found: list[Diagnostic]
) -> Iterator[Object]:
    """The objects. Those in edited or added files have no provenance."""
    from blueprint.source.loader import load_text

    yield from (obj for obj in bundle.objects if not _is_edited(object_file(obj.id, obj.component), found))
    for name in [*listed, *stray_manifests(folder, listed)]:
        if _is_edited(name, found) and (folder / name).is_file():
            data = load_text((folder / name).read_text("utf-8"), (folder / name).as_posix()).data
            yield Object(data, listed.get(name, "(by hand)"))


def _is_edited(name: str, found: list[Diagnostic]) -> bool:
    return any(each.at is not None and each.at.file.endswith(f"/{name}") for each in found)


def _read(folder: Path, lock: dict[str, Any]) -> Bundle:
    try:
        return _bundle(folder, lock)
    except (KeyError, TypeError, ValueError, OSError) as error:
        message = f"{folder / LOCK} is not a lock of this version: {type(error).__name__}: {error}"
        raise Refused(Diagnostic(codes.BUNDLE_UNREADABLE, message), exit_code=2) from error


def verify(folder: Path) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """The lock, and a diagnostic for every file that differs from it; None if there is no readable lock."""
    path = folder / LOCK
    if is_half_written(folder, LOCK):
        message = f"{folder} is incomplete: a `compile` was interrupted or is still running"
        return None, [Diagnostic(codes.BUNDLE_HALF_WRITTEN, message, help="compile the blueprint again")]
    try:
        text = path.read_bytes()
        lock, files = _lock(text)
    except FileNotFoundError:
        message = f"{folder} is not a bundle: it has no {LOCK}"
        help_ = f"write one with `blueprint compile BLUEPRINT -o {folder}`"
        return None, [Diagnostic(codes.BUNDLE_UNREADABLE, message, help=help_)]
    except OSError as error:
        return None, [
            Diagnostic(codes.BUNDLE_UNREADABLE, f"cannot read {path}: {(error.strerror or str(error)).lower()}")
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return None, [Diagnostic(codes.BUNDLE_UNREADABLE, f"{path} is not a bundle's lock: {error}")]
    found = (
        [] if sealed(lock) == text else [_edited(codes.BUNDLE_LOCK_EDITED, path, "it does not match its own digest")]
    )
    for name, digest in files.items():
        found += _verify_file(folder, name, digest)
    stray = stray_manifests(folder, files)
    found += [_edited(codes.BUNDLE_FILE_EDITED, folder / name, "it is not in the lock") for name in stray]
    return lock, found


def _lock(text: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """The lock, and the digests of its files."""
    lock = orjson.loads(text)
    if lock["schemaVersion"] != LOCK_SCHEMA:
        raise ValueError(f"its schemaVersion is {lock['schemaVersion']}, not {LOCK_SCHEMA}")
    return lock, {name: str(digest) for name, digest in lock["files"].items()}


def _verify_file(folder: Path, name: str, digest: str) -> list[Diagnostic]:
    file = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return [_edited(codes.BUNDLE_LOCK_EDITED, folder / LOCK, f"it names a file outside of the bundle: {name}")]
    try:
        with file.open("rb") as opened:  # In chunks: provenance can be hundreds of megabytes.
            same = hashlib.file_digest(opened, "sha256").hexdigest() == digest
    except OSError:
        return [_edited(codes.BUNDLE_FILE_EDITED, file, "it is missing or cannot be read")]
    return [] if same else [_edited(codes.BUNDLE_FILE_EDITED, file, "it was edited after it was compiled")]


def _edited(code: Any, file: Path, reason: str) -> Diagnostic:
    at = Span(file.as_posix(), 1, 1, 1, 1)
    return Diagnostic(
        code, f"{file}: {reason}", at=at, help="compile the blueprint again", evidence=(("station", "bundle"),)
    )


def stray_manifests(folder: Path, listed: Container[str], below: str = MANIFESTS) -> list[str]:
    """Files below `manifests/` that are not listed. Other files in the folder do not matter."""
    found = []
    for place, folders, names in os.walk(folder / below):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118
        found += [Path(place, name).relative_to(folder).as_posix() for name in (*names, *links)]
    return sorted(name for name in found if name not in listed)


def _bundle(folder: Path, lock: dict[str, Any]) -> Bundle:
    provenance = Provenance(folder / PROVENANCE)
    expected = orjson.loads((folder / EXPECTATIONS).read_bytes())["expectations"]
    cluster = lock["cluster"]
    slices = _slices(folder / SLICES) if SLICES in lock["files"] else {}
    return Bundle(
        name=lock["blueprint"]["name"],
        version=lock["blueprint"]["version"],
        release=lock["release"],
        kubernetes=cluster["kubernetes"],
        distribution=cluster["distribution"],
        cluster_uid=cluster["uid"],
        node_labels=lock["nodeLabels"],
        objects=tuple(StoredObject(folder, entry, provenance) for entry in lock["objects"]),
        pools=tuple(_pool(pool, provenance, slices) for pool in lock["pools"]),
        expectations=tuple(Expectation.from_json(each) for each in expected),
        digest=lock["digest"],
        texts=provenance.texts,
        facts=StoredFacts(provenance),
    )


def _slices(file: Path) -> Slices:
    from blueprint.bundle.slices_file import StoredSlices  # only if pods claim GPUs

    return StoredSlices(file)


def _pool(data: Mapping[str, Any], provenance: Provenance, slices: Slices) -> BundlePool:
    return BundlePool(
        name=data["name"],
        selector=data["selector"],
        nodes_min=data["nodes"]["min"],
        nodes_max=data["nodes"]["max"],
        labels=data["labels"],
        machine=data["machine"],
        topology=data["topology"],
        taints=tuple(Taint(**taint) for taint in data["taints"]),
        gpu_product=data["gpu"]["product"] if data["gpu"] else None,
        gpu_count=data["gpu"]["count"] if data["gpu"] else 0,
        resources=data["resources"],
        slices=slices,
        sources=SourcesByKey(DecodedSets(provenance.decoder, data["sources"])),
        provisioned=data.get("provisioned", False),
    )
