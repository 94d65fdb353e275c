"""Who answers requests for nodes, by the words that blueprints have for it: `provisioning.yaml`."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class ProvisioningClass(Record, kw_only=True):
    """One way in which an autoscaler answers a ProvisioningRequest.

    Attributes:
        name: The name that requests have for it.
        title: The autoscaler.
        adds_nodes: Whether it makes nodes; otherwise it only looks at those that are there.
        does: What it has done when it says yes, as the end of a sentence about a workload.
        distributions: The only ones that have it; empty where any may.
        node_labels: Labels of the nodes that it makes, by the detail of the answered request that has the value.
        merge: How sets of pods are put together for it; None where each may stand alone.
        needs: What the cluster must have, as sentences.
        pool_needs: What its node pools must have, as sentences.
    """

    name: Text
    title: Text
    adds_nodes: bool
    does: Text
    distributions: tuple[Text, ...] = ()
    node_labels: Mapping[Text, Text] = {}
    merge: Literal["identicalTemplates", "identicalRequirements"] | None = None
    needs: tuple[Text, ...]
    pool_needs: tuple[Text, ...] = ()


class ProvisioningClasses(CatalogueFile, kw_only=True):
    """The whole file of one component."""

    classes: Mapping[Text, ProvisioningClass]
    source: Text


@cache
def load_provisioning_classes() -> Mapping[str, ProvisioningClass]:
    """Those of every component. Raises Refused (BP3901) where a file is wrong."""
    files = sorted(data_folder("components").glob("*/provisioning.yaml"))
    return {name: each for file in files for name, each in read(file, ProvisioningClasses).classes.items()}
