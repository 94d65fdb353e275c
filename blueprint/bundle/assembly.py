"""Assembles a bundle from a platform and its objects: the bundle in memory, and the files of its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from types import MappingProxyType
from typing import Any

from blueprint.bundle.expectations_file import expectations_file
from blueprint.bundle.facts import facts_of
from blueprint.bundle.images import PulledImage
from blueprint.bundle.layout import (
    EXPECTATIONS,
    IMAGES,
    LOCK,
    PREREQUISITES,
    PREREQUISITES_PAGE,
    PROVENANCE,
    SLICES,
    as_json,
    lock_digest,
    object_file,
    sealed,
)
from blueprint.bundle.lock import Lock
from blueprint.bundle.model import Bundle, Object, noted_sources
from blueprint.bundle.origin_codec import OriginEncoder, Rename
from blueprint.bundle.pools import bundle_pool
from blueprint.bundle.provenance import provenance_file
from blueprint.platform.model import Platform
from blueprint.platform.prerequisites import Prerequisite, prerequisites
from blueprint.platform.tracking.sources import source_of
from blueprint.probe.expectations import UNREAD, Expectation
from blueprint.source.layers import Layered
from blueprint.source.yaml_writer import emit

BundleFiles = Mapping[str, bytes]
"""The content of every file of a bundle's folder, by relative path."""
_SHIPPED = ("components/", "overlays/", "schemas/", "catalog/", "--set")
"""Prefixes of file names that do not depend on the machine: files of the tool, and the command line."""


def make_bundle(
    platform: Platform,
    layered: Layered,
    objects: tuple[Object, ...],
    expectations: tuple[Expectation, ...],
    images: tuple[PulledImage, ...],
    beside: BundleFiles = MappingProxyType({}),
) -> tuple[Bundle, BundleFiles]:
    """The bundle and its files. `beside` contains additional files for a delivery controller and for users."""
    rename = _renamer(layered)
    by_file = {object_file(obj.id, obj.component): obj for obj in objects}
    encoder = OriginEncoder()
    pools = tuple(bundle_pool(pool) for pool in platform.pools)
    numbered = tuple((pool, encoder.numbers(noted_sources(pool.sources))) for pool in pools)
    needed = prerequisites(platform)
    facts = facts_of(platform, layered, images, needed)
    files = {name: emit(obj.data).encode() for name, obj in by_file.items()} | dict(beside)
    if any(pool.published for pool in pools):
        from blueprint.bundle.slices_file import slices_file

        files[SLICES] = slices_file(pools).encode()
    files[PREREQUISITES] = as_json({"prerequisites": [_prerequisite(each, encoder) for each in needed]})
    files[PREREQUISITES_PAGE] = _prerequisites_page(platform, needed, expectations).encode()
    others = map(source_of, dict.fromkeys(chain.from_iterable(each.sources for each in expectations)))
    files[PROVENANCE] = provenance_file(by_file, facts, encoder, others, layered.texts, rename)
    files[EXPECTATIONS] = expectations_file(expectations, rename)
    files[IMAGES] = "".join(f"{image.pinned}\n" for image in images).encode()
    inputs = {rename(name): text for name, text in layered.texts.items()}
    lock = Lock(platform, inputs, images, numbered, by_file, files).to_json()
    cluster = platform.cluster
    bundle = Bundle(
        name=platform.name, version=platform.version, release=platform.release_name, node_labels=platform.node_labels,
        kubernetes=cluster.kubernetes, distribution=cluster.distribution, cluster_uid=cluster.uid,
        objects=objects, pools=pools, expectations=expectations, digest=lock_digest(lock),
        texts=layered.texts, facts=facts,
    )  # fmt: skip
    return bundle, {**files, LOCK: sealed(lock)}


def _renamer(layered: Layered) -> Rename:
    """Returns a function that makes file names relative to the blueprint's folder, so that bundles contain no local
    paths.
    """

    @cache
    def rename(name: str) -> str:
        """The file name for the bundle. Files that ship with the tool keep their name."""
        return name if name.startswith(_SHIPPED) else layered.files.relative(name, layered.target)

    return rename


def _prerequisite(need: Prerequisite, encoder: OriginEncoder) -> dict[str, Any]:
    """The prerequisite as JSON. `sources` is the number of a set in `provenance.json`."""
    return {"scope": need.scope, "what": need.what, "sources": encoder.number(need.noted)}


def _prerequisites_page(platform: Platform, needs: tuple[Prerequisite, ...], expected: tuple[Expectation, ...]) -> str:
    lines = [f"# Prerequisites of {platform.name}", "", "What must be true before this bundle is applied.", ""]
    wanted: dict[str, list[str]] = {}
    for need in needs:
        wanted.setdefault(need.scope, []).append(need.what)
    probed: dict[str, list[str]] = {}
    for each in expected:
        if each.check not in UNREAD:
            probed.setdefault(each.pool, []).append(each.check)
    for scope, what in wanted.items():
        lines += [f"## {'Cluster' if scope == 'cluster' else f'Pool {scope}'}", ""]
        lines += [f"- [ ] {one}" for one in what]
        lines.append("")
        if checks := probed.get(scope):
            lines += [
                f"`blueprint probe` checks on each node: {', '.join(checks)}. It checks nothing else in this list.",
                "",
            ]
    return "\n".join(lines)


def as_stream(bundle: Bundle) -> Iterator[str]:
    """All objects as one YAML stream, in apply order."""
    for index, obj in enumerate(bundle.objects):
        yield ("---\n" if index else "") + emit(obj.data)
