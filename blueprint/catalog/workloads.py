"""Workload kinds for users, `workloads/*/workload.yaml`, with their requirements on pools and cluster."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from blueprint.catalog import codes
from blueprint.catalog.facts import AtLeast, CatalogueFile, Given, Matching, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.records import Record

KindName = Annotated[str, Matching(r"[A-Z][A-Za-z0-9]*\.[a-z0-9.-]+", "Kind.group")]
Number = Annotated[int, AtLeast(0)]
TEMPLATES = "templates.yaml"
PARTS = "parts.yaml"
"""Parts shared by the templates, outside of their folders."""


class Needs(Record, kw_only=True):
    """A controller that must be installed separately.

    Attributes:
        kind: A kind that it defines.
        title: The display name.
        version: The version that the template was written for.
        also: Further requirements, as a sentence.
    """

    kind: KindName
    title: Text
    version: Text
    also: Text | None = None


class WorkloadImage(Record, kw_only=True):
    """The image of its containers.

    Attributes:
        repository: Registry and path.
        tag: A tag that is known to be in use; no digest was verified.
        source: The source of this information.
    """

    repository: Text
    tag: Text
    source: Text


class Beside(Record, kw_only=True):
    """The requests of its pods without GPUs."""

    cpu: Number
    memory: Number
    """In GiB."""


class WorkloadKind(CatalogueFile, kw_only=True):
    """One kind of workload.

    Attributes:
        name: The name in the tenants' `workloads`.
        title: A short title.
        description: A description in one or two sentences.
        spread: `one`: one pod with one unit; `several`: up to two pods, which may also use fractional GPUs; `nodes`:
            pods
            on two nodes, with whole GPUs.
        power_of_two: Whether the number of GPUs per pod must be a power of two.
        serves: Whether it runs until it is stopped.
        framework: The name of the kind in Kueue's list of integrations.
        claims: Whether its pods can claim devices, and set a RuntimeClass and a scheduler.
        beside: The requests of its pods without GPUs.
        needs: The controller that it needs; None if it is part of Kubernetes.
        image: The image of its containers.
        sources: The sources of the fields.
        folder: The folder of its templates.
    """

    name: Text
    title: Text
    description: Text
    spread: Literal["one", "several", "nodes"]
    power_of_two: bool = False
    serves: bool = False
    framework: Text
    claims: bool = True
    beside: Beside | None = None
    needs: Needs | None = None
    image: WorkloadImage
    sources: tuple[Text, ...]
    folder: Given[Path]


@lru_cache(maxsize=1)
def workload_names() -> tuple[str, ...]:
    """The names of all workload kinds, without reading their files."""
    return tuple(sorted(file.parent.name for file in data_folder("workloads").glob("*/workload.yaml")))


@lru_cache
def workload_kind(name: str) -> WorkloadKind:
    """A workload kind from `workload_names`. Raises Refused if its file is invalid."""
    folder = data_folder("workloads") / name
    found = read(folder / "workload.yaml", WorkloadKind, folder=folder)
    if found.name != name:
        message = f"this is {found.name}, but it is stored as {name}"
        raise Refused(Diagnostic(codes.CATALOGUE_NAME, message, at=found.span("name"), path="name"))
    return found
