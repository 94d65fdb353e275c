"""Files that NVIDIA's node programs need in their pod: the configuration file and the kubelet's socket."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import literal_env
from blueprint.check.common.device_plugins import DEVICE_PLUGIN, program, runs_another
from blueprint.check.common.exporters import flag_values, is_exporter
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Refused, Severity, define, nearest
from blueprint.patterns import lazy_pattern
from blueprint.source.loader import load_text
from blueprint.source.paths import format_path

FILE_MISSING = define("BP6585", "config-file-not-mounted", page=__file__)
MPS_ROOT_MISSING = define("BP6621", "mps-root-missing", page=__file__)
NO_SOCKET = define("BP6586", "device-plugin-without-socket", page=__file__)
_FILE_OPTIONS = {
    DEVICE_PLUGIN: ("CONFIG_FILE", lazy_pattern(r"--?config-file(?:=(.+))?")),
    "k8s-mig-manager": ("CONFIG_FILE", lazy_pattern(r"--?config-file(?:=(.+))?|-f")),
    "dcgm-": ("DCGM_EXPORTER_COLLECTORS", lazy_pattern(r"--collectors(?:=(.+))?|-f")),
}
"""By prefix of the image name: the variable and the flag with the path of the file."""
_COUNTERS = "metrics"
_CONFIG_MAP_FLAG = lazy_pattern(r"--?configmap-data(?:=(.+))?|-m")
_SOCKETS = PurePosixPath("/var/lib/kubelet/device-plugins")


@rule(FILE_MISSING, tags=("operator",))
def file_missing(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A configuration file that is missing in a ConfigMap among the objects."""
    for path, container in pod.containers:
        for at, file in _files(path, container):
            keys = _keys_at(file, container, pod, context)
            if keys is not None and PurePosixPath(file).name not in keys:
                near = nearest(PurePosixPath(file).name, keys)
                text = f"{format_path(at, pod.subject.data)}: {file} does not exist: the ConfigMap has {_listed(keys)}"
                yield ObjectFinding(
                    FILE_MISSING, at, text, f"did you mean {near}?" if near else "name the key like the file"
                )


@rule(FILE_MISSING, tags=("operator", "monitoring"))
def counters_missing(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A ConfigMap that dcgm-exporter reads through the API, without the key that it looks for.

    It then falls back to its own file (dcgm-exporter, internal/pkg/counters/counter_config.go).
    """
    for path, container in pod.containers:
        if not is_exporter(container):
            continue
        variables = literal_env(container, path)
        values = [(at, value) for at, name, value in variables if name == "DCGM_EXPORTER_CONFIGMAP_DATA"]
        for at, value in (*values, *flag_values(path, container, _CONFIG_MAP_FLAG)):
            namespace, colon, name = value.partition(":")
            found = context.find("ConfigMap", name, namespace) if colon else None
            if not colon and value != "none":
                text = f"{format_path(at, pod.subject.data)} is {value}, which is not NAMESPACE:NAME"
                yield ObjectFinding(FILE_MISSING, at, text, f"for example {pod.subject.id.namespace}:{value}")
            elif found and _COUNTERS not in (keys := mapping(found.data.get("data"))):
                text = f"{format_path(at, pod.subject.data)}: the ConfigMap {name} has no key {_COUNTERS}"
                help_ = f"its keys: {', '.join(map(str, keys)) or 'none'}; the exporter reads only {_COUNTERS}"
                yield ObjectFinding(FILE_MISSING, at, text, help_)


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(sorted(keys)) or "no file"


def _files(path: Path, container: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The files that an NVIDIA container reads, and where they are configured."""
    for variable, flag in _options(container):
        for at, name, value in literal_env(container, path):
            if name == variable:
                yield at, value
        yield from flag_values(path, container, flag)


def _options(container: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The variable and the flag of NVIDIA's program in a container; empty for other programs."""
    return (each for name, each in _FILE_OPTIONS.items() if program(container).startswith(name))


def _keys_at(file: str, container: Mapping[str, Any], pod: DescribedPod, context: RuleContext) -> frozenset[str] | None:
    """The files in the folder of a file, if it is a ConfigMap among the objects; None if unknown."""
    found = _config_map_at(file, container, pod, context)
    if found is None:
        return None
    if chosen := items(_source_at(file, container, pod).get("items")):
        return frozenset(str(mapping(each).get("path")) for each in chosen)
    return frozenset(str(key) for field in ("data", "binaryData") for key in mapping(found.data.get(field)))


def _config_map_at(file: str, container: Mapping[str, Any], pod: DescribedPod, context: RuleContext) -> Object | None:
    """The ConfigMap that is mounted as the folder of a file, if it is among the objects."""
    name = _source_at(file, container, pod).get("name")
    return context.find("ConfigMap", str(name), pod.subject.id.namespace) if name else None


def _source_at(file: str, container: Mapping[str, Any], pod: DescribedPod) -> Mapping[Any, Any]:
    """The `configMap` of the volume that is mounted as the folder of a file."""
    mounts = [mapping(each) for each in items(container.get("volumeMounts"))]
    if any(each.get("mountPath") == file for each in mounts):
        return {}
    mount = next(
        (each for each in mounts if PurePosixPath(str(each.get("mountPath"))) == PurePosixPath(file).parent), None
    )
    if mount is None or mount.get("subPath") or mount.get("subPathExpr"):
        return {}
    return mapping(_volume(mount, pod).get("configMap"))


@rule(MPS_ROOT_MISSING, tags=("operator", "sharing"))
def mps_root_missing(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A device plugin that shares GPUs through MPS, but does not know where its control daemon is.

    It stops: `using MPS requires --mps-root to be specified` (k8s-device-plugin, cmd/nvidia-device-plugin/main.go).
    """
    for path, container in pod.containers:
        if program(container) != DEVICE_PLUGIN or runs_another(container) or _has_mps_root(container):
            continue
        for at, file in _files(path, container):
            found = _config_map_at(file, container, pod, context)
            text = inside(found.data, "data", PurePosixPath(file).name) if found else None
            config = _read(text) if isinstance(text, str) else {}
            if inside(config, "sharing", "mps") and not inside(config, "flags", "mpsRoot"):
                fault = f"{format_path(at, pod.subject.data)}: {file} shares GPUs through MPS, but MPS_ROOT is not set"
                help_ = "set MPS_ROOT to /run/nvidia/mps, where mps-control-daemon must run, as in the Helm chart"
                yield ObjectFinding(MPS_ROOT_MISSING, at, fault, help_)


def _has_mps_root(container: Mapping[str, Any]) -> bool:
    words = (str(word) for field in ("command", "args") for word in items(container.get(field)))
    by_flag = any(word.lstrip("-").partition("=")[0] == "mps-root" for word in words)
    by_variable = any(mapping(each).get("name") == "MPS_ROOT" for each in items(container.get("env")))
    return by_flag or by_variable or bool(container.get("envFrom"))


def _read(text: str) -> Mapping[Any, Any]:
    """A configuration file; empty if it is not readable."""
    try:
        return mapping(load_text(text, "configuration").data)
    except Refused:
        return {}


@rule(NO_SOCKET, tags=("operator",))
def no_socket(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A device plugin that cannot reach the kubelet."""
    for path, container in pod.containers:
        if program(container) != DEVICE_PLUGIN or path[-2] != "containers" or runs_another(container):
            continue
        host = _host_path(_SOCKETS, container, pod)
        if host is None:
            where = format_path(path, pod.subject.data)
            text = f"{where} does not mount the host's {_SOCKETS}, where it registers with the kubelet"
            help_ = f"mount hostPath: {{path: {_SOCKETS}}} at the same path"
            yield ObjectFinding(NO_SOCKET, (*path, "image"), text, help_)
        elif host != _SOCKETS:
            text = f"{format_path(path, pod.subject.data)} mounts the host's {host} at {_SOCKETS}"
            help_ = f"the kubelet's socket directory is {_SOCKETS}, regardless of its --root-dir"
            yield ObjectFinding(NO_SOCKET, (*path, "image"), text, help_, Severity.WARNING)


def _host_path(where: PurePosixPath, container: Mapping[str, Any], pod: DescribedPod) -> PurePosixPath | None:
    """The host folder that is mounted there or above; None if there is none."""
    for mount in map(mapping, items(container.get("volumeMounts"))):
        at, host = PurePosixPath(str(mount.get("mountPath"))), inside(_volume(mount, pod), "hostPath", "path")
        if isinstance(host, str) and where.is_relative_to(at):
            return PurePosixPath(host) / where.relative_to(at)
    return None


def _volume(mount: Mapping[Any, Any], pod: DescribedPod) -> Mapping[Any, Any]:
    """The volume that is mounted."""
    volumes = map(mapping, items(pod.spec.get("volumes")))
    return next((each for each in volumes if each.get("name") == mount.get("name")), {})


RULES = (file_missing, counters_missing, mps_root_missing, no_socket)
