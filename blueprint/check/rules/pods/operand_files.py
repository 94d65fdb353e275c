"""Files that NVIDIA's node programs need in their pod: the configuration file and the kubelet's socket."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import literal_env
from blueprint.check.common.device_plugins import DEVICE_PLUGIN, program
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path

FILE_MISSING = define("BP6585", "config-file-not-mounted", page=__file__)
NO_SOCKET = define("BP6586", "device-plugin-without-socket", page=__file__)
_FILE_OPTIONS = {
    DEVICE_PLUGIN: ("CONFIG_FILE", re.compile(r"--?config-file(?:=(.+))?")),
    "k8s-mig-manager": ("CONFIG_FILE", re.compile(r"--?config-file(?:=(.+))?|-f")),
    "dcgm-": ("DCGM_EXPORTER_COLLECTORS", re.compile(r"--collectors(?:=(.+))?|-f")),
}
"""By prefix of the image name: the variable and the flag with the path of the file."""
_OTHER_PROGRAMS = ("gpu-feature-discovery", "config-manager", "mps-control-daemon")
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


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(sorted(keys)) or "no file"


def _files(path: Path, container: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The files that an NVIDIA container reads, and where they are configured."""
    for variable, flag in _options(container):
        for at, name, value in literal_env(container, path):
            if name == variable:
                yield at, value
        for field in ("command", "args"):
            words = items(container.get(field))
            for index, word in enumerate(words):
                if (found := flag.fullmatch(str(word))) is None:
                    continue
                place, file = (index, found[1]) if found[1] else (index + 1, next(iter(words[index + 1 :]), None))
                if isinstance(file, str):
                    yield (*path, field, place), file


def _options(container: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The variable and the flag of NVIDIA's program in a container; empty for other programs."""
    return (each for name, each in _FILE_OPTIONS.items() if program(container).startswith(name))


def _keys_at(file: str, container: Mapping[str, Any], pod: DescribedPod, context: RuleContext) -> frozenset[str] | None:
    """The files in the folder of a file, if it is a ConfigMap among the objects; None if unknown."""
    mounts = [mapping(each) for each in items(container.get("volumeMounts"))]
    if any(each.get("mountPath") == file for each in mounts):
        return None
    mount = next(
        (each for each in mounts if PurePosixPath(str(each.get("mountPath"))) == PurePosixPath(file).parent), None
    )
    if mount is None or mount.get("subPath") or mount.get("subPathExpr"):
        return None
    source = mapping(_volume(mount, pod).get("configMap"))
    found = context.find("ConfigMap", str(source.get("name")), pod.subject.id.namespace)
    if found is None:
        return None
    if chosen := items(source.get("items")):
        return frozenset(str(mapping(each).get("path")) for each in chosen)
    return frozenset(str(key) for field in ("data", "binaryData") for key in mapping(found.data.get(field)))


@rule(NO_SOCKET, tags=("operator",))
def no_socket(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A device plugin that cannot reach the kubelet."""
    for path, container in pod.containers:
        if program(container) != DEVICE_PLUGIN or path[-2] != "containers" or _is_another(container):
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


def _is_another(container: Mapping[str, Any]) -> bool:
    """Whether the container runs another program from the plugin's image, or one that a script selects."""
    words = [
        PurePosixPath(str(word)).name for word in (*items(container.get("command")), *items(container.get("args")))
    ]
    return any(word in _OTHER_PROGRAMS for word in words) or words[:1] in (["sh"], ["bash"])


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


RULES = (file_missing, no_socket)
