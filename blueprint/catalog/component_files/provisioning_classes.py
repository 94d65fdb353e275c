"""Autoscalers that handle ProvisioningRequests, by the names that blueprints use: `provisioning.yaml`."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class ProvisioningClass(Record, kw_only=True):
    """One way in which an autoscaler handles a ProvisioningRequest.

    Attributes:
        name: The class name in requests.
        title: The name of the autoscaler.
        adds_nodes: Whether it creates nodes; otherwise it only checks existing ones.
        does: What it has done once it accepts, as the end of a sentence about a workload.
        distributions: The only distributions that have it; empty if there is no restriction.
        node_labels: Labels of the nodes that it creates, by the detail of the accepted request that contains the value.
        merge: How pod sets are merged for it; None if they can be separate.
        needs: Requirements on the cluster, as sentences.
        pool_needs: Requirements on its node pools, as sentences.
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
    """The classes of all components. Raises Refused (BP3901) if a file is invalid."""
    files = sorted(data_folder("components").glob("*/provisioning.yaml"))
    return {name: each for file in files for name, each in read(file, ProvisioningClasses).classes.items()}
