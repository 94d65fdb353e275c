"""Checks names, namespaces and sizes of one object."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from blueprint.check import codes
from blueprint.check.finding import ObjectFinding
from blueprint.kubernetes.names import dns_label_fault, name_fault

ANNOTATIONS_BYTES = 256 * 1024
DATA_BYTES = 1024 * 1024
REQUEST_BYTES = 3 * 1024 * 1024
"""The API server rejects requests with a larger body (`MaxRequestBodyBytes` of k8s.io/apiserver)."""


def check_identity(data: Mapping[str, Any], *, namespaced: bool, minor: str) -> Iterator[ObjectFinding]:
    """Check the format of the name, and that a namespace is set exactly if it must be."""
    meta = data["metadata"]
    group = data["apiVersion"].rpartition("/")[0]
    if "name" in meta and (fault := name_fault(group, data["kind"], meta["name"], minor)):
        yield ObjectFinding(codes.BAD_NAME, ("metadata", "name"), f"metadata.name {meta['name']!r} is invalid: {fault}")
    namespace = meta.get("namespace")
    if namespaced and not namespace:
        text = f"metadata.namespace is missing, but {data['kind']} is namespaced"
        yield ObjectFinding(codes.NAMESPACE_MISSING, ("metadata",), text)
    elif not namespaced and namespace:
        text = f"metadata.namespace is {namespace}, but {data['kind']} is cluster-scoped"
        yield ObjectFinding(codes.NAMESPACE_NOT_ALLOWED, ("metadata", "namespace"), text, "remove it")
    elif isinstance(namespace, str) and (fault := dns_label_fault(namespace)):
        yield ObjectFinding(
            codes.BAD_NAME, ("metadata", "namespace"), f"metadata.namespace {namespace!r} is invalid: {fault}"
        )


def check_request_size(data: Mapping[str, Any]) -> Iterator[ObjectFinding]:
    """Check the size of the whole object. Values that JSON cannot express are reported by the schema check."""
    try:
        size = len(orjson.dumps(data))
    except TypeError:
        return
    if size > REQUEST_BYTES:
        text = f"the object has {size:,} bytes as JSON, but the API server accepts at most {REQUEST_BYTES:,}"
        yield ObjectFinding(codes.TOO_LARGE, (), text, "split the object; nothing else in it was checked")


def check_sizes(data: Mapping[str, Any]) -> Iterator[ObjectFinding]:
    """Check the total size of annotations, and of the payload of ConfigMaps and Secrets."""
    annotations = _texts(data["metadata"].get("annotations"))
    total = sum(_length(str(key)) + _length(text) for key, text in annotations.items())
    if total > ANNOTATIONS_BYTES:
        text = f"metadata.annotations has {total:,} bytes, but at most {ANNOTATIONS_BYTES:,} are allowed"
        yield ObjectFinding(codes.TOO_LARGE, ("metadata", "annotations"), text)
    if data["apiVersion"] == "v1" and data["kind"] in ("ConfigMap", "Secret"):
        payload = _payload(data)
        if payload > DATA_BYTES:
            text = f"data has {payload:,} bytes, but at most {DATA_BYTES:,} are allowed"
            yield ObjectFinding(codes.TOO_LARGE, ("data",), text)


def check_payload(data: Mapping[str, Any]) -> Iterator[ObjectFinding]:
    """Checks that apply only to Secrets and ConfigMaps."""
    if data["apiVersion"] != "v1":
        return
    if data["kind"] == "Secret" and "stringData" in data:
        text = "stringData is write-only, so the API server never returns this field"
        yield ObjectFinding(codes.STRING_DATA, ("stringData",), text, "move the values to data, encoded in base64")
    if data["kind"] == "ConfigMap":
        for key in sorted(_keys(data.get("data")) & _keys(data.get("binaryData"))):
            text = f"the key {key} is in both data and binaryData"
            yield ObjectFinding(codes.DUPLICATE_ITEM, ("binaryData", key), text)


def _keys(value: Any) -> set[str]:
    return set(value) if isinstance(value, Mapping) else set()


def _texts(value: Any) -> dict[Any, str]:
    given = value.items() if isinstance(value, Mapping) else ()
    return {key: text for key, text in given if isinstance(text, str)}


def _length(text: str) -> int:
    """The length in bytes of UTF-8. A lone surrogate, which the emitter rejects, counts as well."""
    return len(text.encode(errors="replace"))


def _payload(data: Mapping[str, Any]) -> int:
    """The bytes of all values. Unlike those of annotations, keys do not count."""
    encoded = data.get("binaryData") if data["kind"] == "ConfigMap" else data.get("data")
    plain = data.get("data") if data["kind"] == "ConfigMap" else data.get("stringData")
    decoded = sum(_decoded(text) for text in encoded.values()) if isinstance(encoded, Mapping) else 0
    return decoded + sum(map(_length, _texts(plain).values()))


def _decoded(text: Any) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, TypeError):
        return 0  # The schema check reports that it is not base64.
