"""Make a bundle from a platform and its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from blueprint._version import __version__
from blueprint.bundle.model import Bundle, BundlePool, Object, SourcesByKey
from blueprint.bundle.provenance import Rename, SourceTable, provenance_file
from blueprint.bundle.reader import (
    EXPECTATIONS,
    IMAGES,
    LOCK,
    LOCK_SCHEMA,
    NEEDS,
    NEEDS_PAGE,
    PROVENANCE,
    as_json,
    object_file,
    sealed,
    sha256,
)
from blueprint.platform.model import Platform
from blueprint.platform.observability.prerequisites import observability_to_json
from blueprint.platform.pool import LABELS, GpuPool, Pool
from blueprint.platform.prerequisites import Prerequisite, prerequisites
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Sources, by_relevance, flatten, source_of
from blueprint.probe.expectations import UNREAD, Expectation, ExpectationSource, expectations_to_json
from blueprint.render.facts import facts_of
from blueprint.render.images import PulledImage
from blueprint.render.yaml_writer import emit
from blueprint.source.layers import Layered
from blueprint.spec.components import Patch

Files = Mapping[str, bytes]

_SHIPPED = ("components/", "overlays/", "schemas/", "catalog/", "--set")
"""How names begin that are the same everywhere: files of the tool, and the command line."""


def make_bundle(
    platform: Platform,
    layered: Layered,
    objects: list[Object],
    expectations: tuple[Expectation, ...],
    images: tuple[PulledImage, ...],
) -> tuple[Bundle, Files]:
    """The bundle, and the content of every file of its folder by relative path."""
    rename = _renamer(layered)
    named = [(object_file(obj.id, obj.component), obj) for obj in objects]
    expected = tuple(_renamed_expectation(each, rename) for each in expectations)
    files: dict[str, bytes] = {name: emit(obj.data).encode() for name, obj in named}
    table = SourceTable()
    told = [_bundle_pool(pool, table) for pool in platform.pools]
    pools = tuple(bundled for bundled, _ in told)
    needs = prerequisites(platform)
    facts = facts_of(platform, layered, images, needs)
    demanded = [_need_to_json(need, table) for need in needs]
    others = [source_of(place) for each in expectations for place in each.sources]
    files[PROVENANCE] = provenance_file(named, facts, table, others, layered.texts, rename)
    files[EXPECTATIONS] = as_json(expectations_to_json(expected))
    files[IMAGES] = "".join(f"{_image_line(image)}\n" for image in images).encode()
    files[NEEDS] = as_json({"prerequisites": demanded})
    files[NEEDS_PAGE] = _needs_page(platform, needs, expectations).encode()
    lock = {
        "schemaVersion": LOCK_SCHEMA,
        "tool": __version__,
        "blueprint": {"name": platform.name, "version": platform.version, "owners": list(platform.owners)},
        "release": platform.release_name,
        "gpuStack": platform.gpu_stack,
        "nodeLabels": platform.node_labels,
        "cluster": {
            "kubernetes": platform.kubernetes, "distribution": platform.distribution, "os": platform.os,
            "uid": platform.cluster_uid, "mirrors": platform.mirrors, "pullSecrets": list(platform.pull_secrets),
        },
        "components": {
            name: {
                "version": component.version, "ownership": component.ownership,
                "patches": [_patch_to_json(patch) for patch in component.patches],
            }
            for name, component in platform.components.items()
        },
        "observability": observability_to_json(platform),
        "inputs": {rename(name): sha256(text.encode()) for name, text in sorted(layered.texts.items())},
        "images": [{"ref": image.ref, "component": image.pulled_by, "digest": image.digest} for image in images],
        "pools": [
            {**_pool_to_json(bundled), "sources": sets, "driver": _driver_to_json(pool)}
            for (bundled, sets), pool in zip(told, platform.pools, strict=True)
        ],
        "objects": [_entry(name, obj) for name, obj in named],
        "files": {name: sha256(data) for name, data in sorted(files.items())},
    }  # fmt: skip
    files[LOCK] = sealed(lock)
    bundle = Bundle(
        name=platform.name, version=platform.version, release=platform.release_name, kubernetes=platform.kubernetes,
        distribution=platform.distribution, cluster_uid=platform.cluster_uid, node_labels=platform.node_labels,
        objects=tuple(objects), pools=pools, expectations=expectations, digest=_digest(files[LOCK]),
        texts=layered.texts, facts=facts,
    )  # fmt: skip
    return bundle, files


def _digest(lock: bytes) -> str:
    import orjson

    return str(orjson.loads(lock)["digest"])


def _renamer(layered: Layered) -> Rename:
    """Files as bundles name them: relative to the blueprint's folder, so that no machine shows through."""

    @cache
    def rename(name: str) -> str:
        return name if name.startswith(_SHIPPED) else layered.files.relative(name, layered.target)

    return rename


def _renamed_expectation(expectation: Expectation, rename: Rename) -> Expectation:
    sources = tuple(_renamed_source(source, rename) for source in expectation.sources)
    return replace(expectation, sources=sources)


def _renamed_source(source: ExpectationSource, rename: Rename) -> ExpectationSource:
    return replace(source, file=rename(source.file))


def _image_line(image: PulledImage) -> str:
    return f"{image.ref}@{image.digest}" if image.digest else image.ref


def _entry(name: str, obj: Object) -> dict[str, Any]:
    identity = obj.id
    entry = {"apiVersion": obj.api_version, "kind": identity.kind, "name": identity.name, "component": obj.component,
             "file": name, "digest": obj.digest}  # fmt: skip
    return entry | ({"namespace": identity.namespace} if identity.namespace else {})


def _bundle_pool(pool: Pool, table: SourceTable) -> tuple[BundlePool, dict[str, int]]:
    """The pool, and for each key the number of the set of its sources."""
    sources: dict[str, Sources] = {}

    def noted(key: str, read: Any) -> Any:
        with recording() as seen:
            value = read()
        sources[key] = by_relevance(seen)
        return value

    gpu = noted("gpu", lambda: (pool.gpu.product, pool.gpu.count) if pool.gpu else None)
    machine = noted("machine", lambda: pool.place.machine)
    topology = noted("topology", lambda: pool.place.levels)
    low, high = noted("nodes", lambda: (pool.nodes_min, pool.nodes_max))
    selector = noted("selector", lambda: pool.selector)
    resources = noted("resources", lambda: pool.partition.resources if pool.gpu and isinstance(pool, GpuPool) else {})
    said = {key: noted(f"labels.{key}", lambda read=read: read(pool)) for key, read in LABELS.items()}
    labels = {key: value for key, value in said.items() if value is not None}
    taints = noted("taints", lambda: pool.taints)
    for taint in taints:
        at = f'["{taint.key}"]'
        mine = tuple(s for s in flatten(sources["taints"]) if s.path.endswith((at, f".{taint.key}")))
        sources[f"taints.{taint.key}:{taint.effect}"] = mine or sources["taints"]
    bundled = BundlePool(
        name=pool.name, selector=selector, nodes_min=low, nodes_max=high, labels=labels, taints=taints,
        machine=machine, topology=topology,
        gpu_product=gpu[0] if gpu else None, gpu_count=gpu[1] if gpu else 0, resources=resources,
        sources=SourcesByKey(sources),
    )  # fmt: skip
    return bundled, {key: table.number(noted) for key, noted in sources.items()}


def _pool_to_json(pool: BundlePool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "nodes": {"min": pool.nodes_min, "max": pool.nodes_max},
        "selector": pool.selector,
        "machine": pool.machine,
        "topology": pool.topology,
        "labels": pool.labels,
        "taints": [{"key": t.key, "value": t.value, "effect": t.effect} for t in pool.taints],
        "gpu": {"product": pool.gpu_product, "count": pool.gpu_count} if pool.gpu_product else None,
        "resources": pool.resources,
    }


def _driver_to_json(pool: Pool) -> dict[str, Any] | None:
    driver = pool.driver
    return {"owner": driver.owner, "branch": driver.branch, "version": driver.version,
            "kernelModules": driver.kernel_modules} if pool.gpu else None  # fmt: skip


def _patch_to_json(patch: Patch) -> dict[str, str]:
    target = patch.target
    where = "/".join(part for part in (target.kind, target.namespace, target.name) if part)
    return {"target": where, "reason": patch.reason}


def _need_to_json(need: Prerequisite, table: SourceTable) -> dict[str, Any]:
    """`sources` is the number of a set in `provenance.json`."""
    return {"scope": need.scope, "what": need.what, "sources": table.number(need.noted)}


def _needs_page(platform: Platform, needs: tuple[Prerequisite, ...], expected: tuple[Expectation, ...]) -> str:
    lines = [f"# Prerequisites of {platform.name}", "", "What must be true before this bundle is applied.", ""]
    for scope in dict.fromkeys(need.scope for need in needs):
        lines += [f"## {'Cluster' if scope == 'cluster' else f'Pool {scope}'}", ""]
        lines += [f"- [ ] {need.what}" for need in needs if need.scope == scope]
        lines.append("")
        if probed := [each.check for each in expected if each.pool == scope and each.check not in UNREAD]:
            lines += [f"`blueprint probe` judges on each node: {', '.join(probed)}. It sees nothing else of this.", ""]
    return "\n".join(lines)


def as_stream(bundle: Bundle) -> Iterator[str]:
    """All objects as one YAML stream, in apply order."""
    for index, obj in enumerate(bundle.objects):
        yield ("---\n" if index else "") + emit(obj.data)
