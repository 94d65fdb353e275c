"""Creates in a lab what a bundle assumes to exist, and leaves out and lists what has no meaning there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.cluster.health import is_operators
from blueprint.cluster.waits import await_definition
from blueprint.kubernetes.crds import crds_of
from blueprint.kubernetes.stages import OPERATORS
from blueprint.lab.components import SIMULATED
from blueprint.lab.trial.model import Omission
from blueprint.records import Record, replace
from blueprint.wording import counted, first_few

MANAGER = "blueprint-lab"
_CALLED = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService")
"""Kinds that make the API server call a program, which would not respond."""
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SHOWN = 3


class Adapted(Record):
    """The bundle in a form that a lab accepts, and what that leaves out."""

    bundle: Bundle
    left_out: tuple[Omission, ...]


def prepare(bundle: Bundle, connection: Connection, timeout: float, operated: Sequence[str] = ()) -> Adapted:
    """Create the namespaces and CRDs that others install in a cluster, and leave out what no lab can have.

    `operated` are API groups whose operator runs here. Raises ApiError.
    """
    meaningful = [obj for obj in bundle.objects if not _meaningless(obj)]
    brought = bring_definitions(meaningful, connection, timeout)
    discovery = discover(connection)
    defined = {_defines(obj.data) for obj in meaningful} - {None}
    unserved = [obj for obj in meaningful if not _is_known(obj, discovery, defined)]
    usable = [obj for obj in meaningful if obj not in unserved]
    made = _make_namespaces(usable, connection)
    alone = [obj.id for obj in usable if is_operators(obj.id, bundle.release)]
    left_out = (
        *_named([obj.id for obj in bundle.objects if _meaningless(obj)], "no program serves it"),
        *_named([obj.id for obj in unserved], "its kind is not defined here"),
        *_named([each for each in alone if each.group not in operated], "its operator does not run"),
        *(Omission(f"definitions of {group}", "installed by other means; the lab created them") for group in brought),
        *(Omission(f"namespace {name}", "other components install it; the lab created it") for name in made),
    )
    return Adapted(replace(bundle, objects=tuple(usable)), left_out)


def _meaningless(obj: Object) -> bool:
    return obj.id.kind in _CALLED or obj.id.group == OPERATORS


def _named(ids: Iterable[ObjectId], reason: str) -> Iterator[Omission]:
    """One entry for all objects of a kind."""
    by_kind: dict[str, list[str]] = {}
    for identity in ids:
        by_kind.setdefault(identity.kind, []).append(identity.name)
    for kind, names in by_kind.items():
        yield Omission(f"{kind} {first_few(list(dict.fromkeys(names)), _SHOWN)}", reason)


def bring_definitions(
    objects: Iterable[Object], connection: Connection, timeout: float, *, whole: bool = False
) -> list[str]:
    """Create the known CRDs that the objects need and the bundle does not contain. Return their groups.

    `whole`: all CRDs of those groups, because a program looks for related ones. Raises ApiError.
    """
    objects = list(objects)
    discovery = discover(connection)
    defined = {_defines(obj.data) for obj in objects}
    needed = {(obj.id.group, obj.id.kind) for obj in objects if not _is_known(obj, discovery, defined)}
    groups = sorted({group for group, _ in needed})
    made: list[Mapping[str, Any]] = []
    for group in groups:
        for crd in crds_of(group):
            if whole or _defines(crd) in needed:
                connection.apply(f"{_CRDS}/{crd['metadata']['name']}", crd, MANAGER, force=True)
                made.append(crd)
    for crd in made:
        await_definition(connection, crd, timeout)
    return [group for group in groups if any(crd["spec"]["group"] == group for crd in made)]


def _is_known(obj: Object, discovery: Discovery, defined: set[tuple[str, str] | None]) -> bool:
    served = discovery.find(obj.api_version, obj.id.kind) is not None
    return served or (obj.id.group, obj.id.kind) in defined


def _defines(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The group and kind that an object defines, if it is a CRD."""
    if data["kind"] != "CustomResourceDefinition":
        return None
    return str(data["spec"]["group"]), str(data["spec"]["names"]["kind"])


def _make_namespaces(objects: Iterable[Object], connection: Connection) -> list[str]:
    objects = list(objects)
    own = {obj.id.name for obj in objects if (obj.id.group, obj.id.kind) == ("", "Namespace")}
    there = {each["metadata"]["name"] for each in connection.list("/api/v1/namespaces")}
    missing = sorted({obj.id.namespace for obj in objects} - own - there - {""})
    for name in missing:
        make_namespace(connection, name)
    return missing


def make_namespace(connection: Connection, name: str) -> None:
    """Create a namespace that is marked as belonging to the lab. Raises ApiError."""
    metadata = {"name": name, "annotations": {SIMULATED: "true"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    connection.apply(f"/api/v1/namespaces/{name}", body, MANAGER, force=True)


def nodes_in_words(nodes: Mapping[str, tuple[int, int]]) -> str:
    """`train 4, infer 16 of 200`: the current and maximum number of nodes of each pool."""
    return ", ".join(f"{pool} {made}" + (f" of {most}" if made < most else "") for pool, (made, most) in nodes.items())


def simulated_in_words(nodes: Mapping[str, tuple[int, int]]) -> str:
    """The number of nodes, in words."""
    return counted(sum(made for made, _ in nodes.values()), "simulated node")
