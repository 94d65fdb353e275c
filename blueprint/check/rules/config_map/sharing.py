"""The configuration file of the device plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.inner_files import FileFault
from blueprint.check.rule_context import items, mapping
from blueprint.diagnostics import Refused, nearest
from blueprint.patterns import lazy_pattern
from blueprint.source.loader import load_text

_TOP = ("version", "flags", "resources", "sharing", "imex")
_WAYS = ("timeSlicing", "mps")
_WAY = ("renameByDefault", "failRequestsGreaterThanOne", "resources")
_IN_A_WAY = frozenset({*_WAY, "replicas"})
_FLAGS = (
    "migStrategy", "failOnInitError", "nvidiaDriverRoot", "nvidiaDevRoot", "gdrcopyEnabled", "gdsEnabled",
    "mofedEnabled", "useNodeFeatureAPI", "deviceDiscoveryStrategy", "mpsRoot", "plugin", "gfd",
)  # fmt: skip
_SHARED = lazy_pattern(r"(nvidia\.com/)?(gpu|mig-([0-9]c\.)?[0-9]g\.[0-9]+gb(-me)?(\.[a-z.]+)?)")
"""Names of resources; the device plugin adds a missing prefix."""
_SPEAKS_OF_SHARING = lazy_pattern(r"\bsharing\b|timeSlicing|\bmps\b")
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


def faults(config: Mapping[Any, Any]) -> Iterator[FileFault]:
    """All errors in one file."""
    keys, config = _folded(config, _TOP)
    if (version := config.get("version") or "v1") != "v1":
        yield FileFault((keys["version"],), f"version must be v1, not {version}")
    yield from _unknown(config, _TOP)
    below, flags = _folded(mapping(config.get("flags")), _FLAGS)
    yield from _unknown(flags, _FLAGS, keys.get("flags"))
    ways, sharing = _folded(mapping(config.get("sharing")), _WAYS)
    at = keys.get("sharing", "sharing")
    yield from _unknown(sharing, _WAYS, at)
    if both := bool(sharing.get("timeSlicing") and sharing.get("mps")):
        yield FileFault((at, ways["mps"]), "sharing has both timeSlicing and mps, which are mutually exclusive")
    for way in _WAYS:
        path, fields = (at, ways.get(way, way)), mapping(sharing.get(way))
        if way in sharing and not both and not items(fields.get("resources")):
            where = "; move replicas to an item of this list" if "replicas" in fields else ""
            message = f"sharing.{way}.resources is missing, so the device plugin does not start{where}"
            yield FileFault(path, message)
            fields = {key: value for key, value in fields.items() if key != "replicas"}
        yield from _shared(path, way, fields)
    if sharing.get("mps") and flags.get("migStrategy") not in (None, "none", "single", "mixed"):
        yield FileFault((keys["flags"], below["migStrategy"]), "flags.migStrategy must be none, single or mixed")
    channels = mapping(config.get("imex")).get("channelIDs")
    if channels not in (None, [], [0]):
        yield FileFault((keys["imex"], "channelIDs"), f"imex.channelIDs must be [] or [0], not {channels}")


def _shared(path: Path, way: str, fields: Mapping[Any, Any]) -> Iterator[FileFault]:
    yield from _unknown(fields, _WAY, *path, shown=f"sharing.{way}.")
    for index, each in enumerate(map(mapping, items(fields.get("resources")))):
        at, shown = (*path, "resources", index), f"sharing.{way}.resources[{index}]"
        name, replicas = each.get("name"), each.get("replicas")
        if type(replicas) is not int or replicas < 2:  # noqa: PLR2004 - shared by two at least
            yield FileFault((*at, "replicas"), f"{shown}.replicas must be at least 2")
        if not isinstance(name, str) or not _SHARED.fullmatch(name):
            yield FileFault((*at, "name"), f"{shown}.name {name} cannot be shared; use nvidia.com/gpu")
        elif way == "mps" and name.removeprefix("nvidia.com/") != "gpu":
            yield FileFault((*at, "name"), f"sharing.mps supports only nvidia.com/gpu, not {name}")
        for key in ("rename", "devices"):
            if key in each:
                yield FileFault((*at, key), f"{shown}.{key} is ignored")


def _folded(fields: Mapping[Any, Any], known: tuple[str, ...]) -> tuple[dict[str, Any], dict[Any, Any]]:
    """The written keys and the fields, both by the names that the plugin has for them: at these levels it ignores
    their case.
    """
    names = {name.casefold(): name for name in known}
    by_name = {names.get(str(key).casefold(), key): key for key in fields}
    return by_name, {name: fields[key] for name, key in by_name.items()}


def _unknown(
    fields: Mapping[Any, Any], known: tuple[str, ...], *path: Any, shown: str | None = None
) -> Iterator[FileFault]:
    at = shown if shown is not None else "".join(f"{step}." for step in path)
    for key in fields:
        if key not in known:
            near = nearest(str(key), known)
            yield FileFault((*path, key), f"{at}{key} is ignored" + (f"; did you mean {near}?" if near else ""))
