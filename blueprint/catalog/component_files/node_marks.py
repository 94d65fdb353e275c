"""Labels, annotations, taints and cordons that make a node unusable or control what runs on it.

The `nodes.yaml` of a component lists what its operators read and write; the catalogue's `nodes.yaml` lists those of
Kubernetes, clouds and autoscalers.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record

Place = Literal["labels", "annotations"]
Meaning = Literal["coming", "going", "ill"]
"""`coming`: the node is being set up; `going`: it is being removed; `ill`: it exists but does not work."""


class Switch(Record, kw_only=True):
    """Marks that an operator reads, and that the blueprint sets or leaves unset.

    `keys` may end with `*`, as may the values in `normal`: values that have no effect, or that operators write
    routinely. Any value that one of `writers` wrote is normal, because it was measured; without a recorded writer, none
    is assumed. If the pool declares the label `beside`, any value is normal. `effect` completes "this mark ...".
    """

    keys: tuple[Text, ...]
    at: Place = "labels"
    normal: tuple[str, ...] = ()
    writers: tuple[Text, ...] = ()
    beside: Text | None = None
    effect: Text
    source: Text


class Progress(Record, kw_only=True):
    """A mark in which an operator records its progress. Values in neither `done` nor `failed` mean that it is in
    progress.

    `what` describes the operation, `remedy` what to check if it does not finish. `writers` are the operators that
    cordon a node for it.
    """

    key: Text
    what: Text
    done: tuple[str, ...]
    failed: tuple[Text, ...]
    writers: tuple[Text, ...]
    remedy: Text
    source: Text


class KnownTaint(Record, kw_only=True):
    """A taint that a controller sets and removes itself.

    `key` may end with `*`; `sentence` completes "the node ...".

    With `condition`, the taint repeats a condition in the node's status. If the condition no longer holds, the taint
    has not been removed yet.
    """

    key: Text
    means: Meaning
    sentence: Text
    writers: tuple[Text, ...]
    condition: Text | None = None
    source: Text


class NodeMarks(CatalogueFile, kw_only=True):
    """The whole file of one component. It applies unless one of `unless` is rendered and this one is not.

    `gives` are labels that it sets on every GPU node, whatever their values.
    """

    component: Text
    unless: tuple[Text, ...] = ()
    switches: tuple[Switch, ...] = ()
    progress: tuple[Progress, ...] = ()
    taints: tuple[KnownTaint, ...] = ()
    gives: Mapping[Text, Text] = {}

    def holds(self, rendered: frozenset[str]) -> bool:
        """Whether any component reads these marks in a cluster with the rendered components."""
        return self.component in rendered or not rendered.intersection(self.unless)


@cache
def load_node_marks() -> tuple[NodeMarks, ...]:
    """The marks of all components, and those of Kubernetes. Raises Refused (BP3901) if a file is invalid."""
    files = (Path(__file__).parents[1] / "nodes.yaml", *sorted(data_folder("components").glob("*/nodes.yaml")))
    return tuple(read(file, NodeMarks) for file in files)
