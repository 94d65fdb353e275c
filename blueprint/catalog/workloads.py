"""Kinds of workloads that users start from, `workloads/*/workload.yaml`: what each needs of pools and cluster."""

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
"""What the templates have in common, beside their folders."""


class Needs(Record, kw_only=True):
    """A controller that others bring to the cluster.

    Attributes:
        kind: A kind that it defines.
        title: What people call it.
        version: The version that the template was written for.
        also: What else must be there, in a sentence.
    """

    kind: KindName
    title: Text
    version: Text
    also: Text | None = None


class WorkloadImage(Record, kw_only=True):
    """The image of its containers.

    Attributes:
        repository: Registry and path.
        tag: A tag that was seen in use; no digest was verified.
        source: Where it was read.
    """

    repository: Text
    tag: Text
    source: Text


class Beside(Record, kw_only=True):
    """What it requests beside the pods that have GPUs."""

    cpu: Number
    memory: Number
    """In GiB."""


class WorkloadKind(CatalogueFile, kw_only=True):
    """One kind of workload.

    Attributes:
        name: What tenants write.
        title: In a few words.
        description: In a sentence or two.
        spread: `one`: a pod with one unit; `several`: up to two pods, which may also use parts of GPUs; `nodes`: pods
            on two nodes, with whole GPUs of their own.
        power_of_two: Whether each pod takes a number of GPUs that is a power of two.
        serves: Whether it runs until someone stops it.
        framework: How Kueue names the kind that it manages.
        claims: Whether its pods can claim devices, and name a RuntimeClass and a scheduler.
        beside: What it requests beside the pods that have GPUs.
        needs: The controller that it needs; None where Kubernetes has it.
        image: The image of its containers.
        sources: Where the fields were read.
        folder: Where its templates are.
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
    """The names of all kinds of workloads, without reading them."""
    return tuple(sorted(file.parent.name for file in data_folder("workloads").glob("*/workload.yaml")))


@lru_cache
def workload_kind(name: str) -> WorkloadKind:
    """A kind of workload that is among `workload_names`. Raises Refused where its file is wrong."""
    folder = data_folder("workloads") / name
    found = read(folder / "workload.yaml", WorkloadKind, folder=folder)
    if found.name != name:
        message = f"this is {found.name}, but it is stored as {name}"
        raise Refused(Diagnostic(codes.CATALOGUE_NAME, message, at=found.span("name"), path="name"))
    return found
