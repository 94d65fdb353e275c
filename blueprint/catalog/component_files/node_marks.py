"""What makes a node useless or steers what runs on it: labels, annotations, taints and cordons, with their meaning.

One `nodes.yaml` per component says what its operators obey and what they write themselves; `nodes.yaml` of the
catalogue says it of Kubernetes, clouds and autoscalers.
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
"""`coming`: the node is being set up; `going`: it is being taken away; `ill`: it is there and does not work."""


class Switch(Record, kw_only=True):
    """Marks that an operator obeys, and that the blueprint says or leaves alone.

    `keys` may end with `*`, as may the values in `normal`: those that say nothing, or that operators write as a matter
    of course. What one of `writers` wrote is normal whatever it says: it measured it; then none is blamed without a
    trace. Where the pool declares the label `beside`, any value is. `effect` completes "this mark ...".
    """

    keys: tuple[Text, ...]
    at: Place = "labels"
    normal: tuple[str, ...] = ()
    writers: tuple[Text, ...] = ()
    beside: Text | None = None
    effect: Text
    source: Text


class Progress(Record, kw_only=True):
    """A mark in which an operator says how far it is. Values neither `done` nor `failed` mean that it is at it.

    `what` is what it does, `remedy` what to look at where it does not end. `writers` are the operators that cordon a
    node for it.
    """

    key: Text
    what: Text
    done: tuple[str, ...]
    failed: tuple[Text, ...]
    writers: tuple[Text, ...]
    remedy: Text
    source: Text


class KnownTaint(Record, kw_only=True):
    """A taint that a controller sets and takes away by itself.

    `key` may end with `*`; `sentence` completes "the node ...".

    With `condition` the taint repeats a condition in the node's status: where that says otherwise, no one has taken the
    taint away yet.
    """

    key: Text
    means: Meaning
    sentence: Text
    writers: tuple[Text, ...]
    condition: Text | None = None
    source: Text


class NodeMarks(CatalogueFile, kw_only=True):
    """The whole file of one component. It holds unless one of `unless` is rendered and this one is not.

    `gives` are labels that it puts onto every node with GPUs, whatever these are.
    """

    component: Text
    unless: tuple[Text, ...] = ()
    switches: tuple[Switch, ...] = ()
    progress: tuple[Progress, ...] = ()
    taints: tuple[KnownTaint, ...] = ()
    gives: Mapping[Text, Text] = {}

    def holds(self, rendered: frozenset[str]) -> bool:
        """Whether anybody obeys these marks in a cluster with these components."""
        return self.component in rendered or not rendered.intersection(self.unless)


@cache
def load_node_marks() -> tuple[NodeMarks, ...]:
    """The marks that every component knows, and those of Kubernetes. Raises Refused (BP3901) where a file is wrong."""
    files = (Path(__file__).parents[1] / "nodes.yaml", *sorted(data_folder("components").glob("*/nodes.yaml")))
    return tuple(read(file, NodeMarks) for file in files)
