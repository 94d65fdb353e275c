"""The configuration file of the device plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.rule_context import items, mapping
from blueprint.diagnostics import Refused, nearest
from blueprint.source.loader import load_text

_TOP = ("version", "flags", "resources", "sharing", "imex")
_WAYS = ("timeSlicing", "mps")
_WAY = ("renameByDefault", "failRequestsGreaterThanOne", "resources")
_IN_A_WAY = frozenset({*_WAY, "replicas"})
_FLAGS = (
    "migStrategy", "failOnInitError", "nvidiaDriverRoot", "nvidiaDevRoot", "gdrcopyEnabled", "gdsEnabled",
    "mofedEnabled", "useNodeFeatureAPI", "deviceDiscoveryStrategy", "mpsRoot", "plugin", "gfd",
)  # fmt: skip
_SHARED = re.compile(r"nvidia\.com/(gpu|mig-[0-9]g\.[0-9]+gb(\.[a-z.]+)?)")
_SPEAKS_OF_SHARING = re.compile(r"\bsharing\b|timeSlicing|\bmps\b")
RULES = ()


def configurations(subject: Object) -> Iterator[tuple[str, str]]:
    """The keys of a ConfigMap with a text that can only be a device plugin configuration."""
    for key, text in mapping(subject.data.get("data")).items():
        if isinstance(text, str) and _SPEAKS_OF_SHARING.search(text):
            try:
                data = mapping(load_text(text, "configuration").data)
            except Refused:
                continue
            ways = mapping(data.get("sharing"))
            if any(mapping(way).keys() & _IN_A_WAY for name, way in ways.items() if nearest(str(name), _WAYS)):
                yield str(key), text


def faults(config: Mapping[Any, Any]) -> Iterator[str]:
    """All errors in one file."""
    if config.get("version") != "v1":
        yield f"version must be v1, not {config.get('version', 'missing')}"
    yield from _unknown(config, _TOP, "")
    yield from _unknown(mapping(config.get("flags")), _FLAGS, "flags.")
    sharing = mapping(config.get("sharing"))
    yield from _unknown(sharing, _WAYS, "sharing.")
    if both := bool(sharing.get("timeSlicing") and sharing.get("mps")):
        yield "sharing has both timeSlicing and mps, which are mutually exclusive"
    for way in _WAYS:
        fields = mapping(sharing.get(way))
        if way in sharing and not both and not items(fields.get("resources")):
            where = "; replicas belongs in an item of it" if "replicas" in fields else ""
            yield f"sharing.{way}.resources is missing, so the device plugin does not start{where}"
            fields = {key: value for key, value in fields.items() if key != "replicas"}
        yield from _shared(way, fields)
    if sharing.get("mps") and mapping(config.get("flags")).get("migStrategy") not in (None, "none", "single", "mixed"):
        yield "flags.migStrategy must be none, single or mixed"
    channels = mapping(config.get("imex")).get("channelIDs")
    if channels not in (None, [], [0]):
        yield f"imex.channelIDs must be [] or [0], not {channels}"


def _shared(way: str, fields: Mapping[Any, Any]) -> Iterator[str]:
    yield from _unknown(fields, _WAY, f"sharing.{way}.")
    for index, each in enumerate(map(mapping, items(fields.get("resources")))):
        name, replicas = each.get("name"), each.get("replicas")
        if type(replicas) is not int or replicas < 2:  # noqa: PLR2004 - shared by two at least
            yield f"sharing.{way}.resources[{index}].replicas must be at least 2"
        if not isinstance(name, str) or not _SHARED.fullmatch(name):
            yield f"sharing.{way}.resources[{index}].name {name} cannot be shared; use nvidia.com/gpu"
        elif way == "mps" and name != "nvidia.com/gpu":
            yield f"sharing.mps supports only nvidia.com/gpu, not {name}"
        for key in ("rename", "devices"):
            if key in each:
                yield f"sharing.{way}.resources[{index}].{key} is ignored"


def _unknown(fields: Mapping[Any, Any], known: tuple[str, ...], at: str) -> Iterator[str]:
    for key in fields:
        if key not in known:
            near = nearest(str(key), known)
            yield f"{at}{key} is ignored" + (f"; did you mean {near}?" if near else "")
