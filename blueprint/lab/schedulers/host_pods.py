"""A Deployment's container as a local process: its arguments, its variables, and the files that it mounts."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blueprint.catalog.component_files.lab_schedulers import HostProgram
from blueprint.records import Record

_TEMPORARY = "/tmp"  # noqa: S108 - a path in containers, which lies in a private folder here
Json = Mapping[str, Any]
Get = Callable[[str], Json]
"""Returns an object by its URL path."""


class HostProcess(Record):
    """A process to start.

    Attributes:
        name: The Deployment's name.
        command: Program and arguments.
        environment: Its variables.
        ports: The local ports on which it listens, by name.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: Mapping[str, int]


def program_of(deployment: Json) -> str:
    """The name of the program in the first container: the last part of the image name."""
    return str(_container(deployment)["image"]).partition("@")[0].rpartition("/")[2].partition(":")[0]


def account_of(deployment: Json) -> str:
    """The ServiceAccount of its pods, in the API server's notation."""
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    return f"system:serviceaccount:{deployment['metadata']['namespace']}:{account}"


def host_process(
    deployment: Json, path: str, program: HostProgram, root: Path, kubeconfig: Path, get: Get
) -> HostProcess:
    """The process. The files that its container mounts are written below `root`, which is also TMPDIR. Raises
    RequestFailed.
    """
    container, namespace = _container(deployment), str(deployment["metadata"]["namespace"])
    for place, files in _mounted(deployment, get):
        for name, content in files.items():
            file = _below(root, place) / name if name else _below(root, place)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    ports = free_ports()
    mounts = [str(each["mountPath"]) for each in container.get("volumeMounts") or ()]
    given = [_moved(str(each), mounts, root) for each in container.get("args") or ()]
    own = [each.format(**ports) for each in program.arguments]
    temporary = _below(root, _TEMPORARY)
    temporary.mkdir(parents=True, exist_ok=True)
    variables = {each["name"]: _value(each, namespace) for each in container.get("env") or ()}
    environment = {**variables, "KUBECONFIG": str(kubeconfig), "TMPDIR": str(temporary)}
    return HostProcess(str(deployment["metadata"]["name"]), (path, *given, *own), environment, ports)


def _container(deployment: Json) -> Json:
    found: Json = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def _mounted(deployment: Json, get: Get) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The mount path and files of each ConfigMap and Secret; a single file mounted by itself has no name."""
    namespace = deployment["metadata"]["namespace"]
    volumes = {each["name"]: each for each in deployment["spec"]["template"]["spec"].get("volumes") or ()}
    for mount in _container(deployment).get("volumeMounts") or ():
        volume, part = volumes[mount["name"]], mount.get("subPath")
        files: dict[str, bytes] = {}
        if source := volume.get("configMap"):
            found = get(f"/api/v1/namespaces/{namespace}/configmaps/{source['name']}").get("data") or {}
            files = {name: text.encode() for name, text in found.items()}
        elif source := volume.get("secret"):
            found = get(f"/api/v1/namespaces/{namespace}/secrets/{source['secretName']}").get("data") or {}
            files = {name: base64.b64decode(text) for name, text in found.items()}
        yield str(mount["mountPath"]), {"": files[part]} if part else files


def _below(root: Path, place: str) -> Path:
    return root / place.lstrip("/")


def _moved(argument: str, mounts: list[str], root: Path) -> str:
    """The argument, with a mount path replaced by its local path."""
    for mount in mounts:
        option, _, value = argument.rpartition("=")
        if value == mount or value.startswith(f"{mount}/"):
            return f"{option}{'=' if option else ''}{_below(root, value)}"
    return argument


def _value(variable: Json, namespace: str) -> str:
    """The value of a variable. Of the pod's fields, only the namespace is known here."""
    if "value" in variable or "valueFrom" not in variable:
        return str(variable.get("value") or "")
    field = (variable["valueFrom"].get("fieldRef") or {}).get("fieldPath")
    return namespace if field == "metadata.namespace" else ""


def free_ports(*names: str) -> dict[str, int]:
    """Free local ports by name: `webhook` and `health` by default."""
    with ExitStack() as held:
        wanted = names or ("webhook", "health")
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in wanted]
        return {name: each.getsockname()[1] for name, each in zip(wanted, sockets, strict=True)}
