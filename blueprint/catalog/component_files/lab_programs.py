"""How a lab runs the manager of a component on the local machine: `lab.yaml`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class BuiltProgram(Record, kw_only=True):
    """Differences for the program that `lab install` builds, which is an older version."""

    configuration: Mapping[Text, Any] = {}
    gates: Mapping[Text, bool] = {}


class NodeRequests(Record, kw_only=True):
    """How the manager requests nodes from an autoscaler. It does so if the bundle has an object of `kind`.

    Attributes:
        kind: The kind of its own objects that makes it request nodes.
        api_version: The apiVersion of the requests.
        request: The kind of the requests.
        requests: The collection of the requests, as a URL path.
        answered: The condition of an accepted request.
    """

    kind: Text
    api_version: Text
    request: Text
    requests: Text
    answered: Text


class QueueProgram(CatalogueFile, kw_only=True):
    """The whole file of one component whose manager admits workloads through queues.

    Attributes:
        component: The component of the manager.
        title: The display name.
        program: The name of the program in the lab.
        deployment: The Deployment that runs it in a cluster, as the first container; its ServiceAccount is used.
        config_map: The ConfigMap with its configuration, under `key`.
        service: The Service through which the API server calls its webhooks.
        secret: The Secret in which it stores its certificate.
        group: The API group of its objects.
        queues: Collections whose objects have a condition Active, as URL paths.
        workloads: The collection in which it records admitted workloads.
        flavors: The collection with the labels and tolerations that it adds.
        configuration: Merged over the configuration; null removes a key. `{webhook}`, `{metrics}` and `{health}` are
            free
            ports, `{certificates}` is the folder in which the Secret is mounted, and `{uncounted}` are resource names
            without a quota.
        gates: Feature gates that are enabled or disabled.
        node_requests: How it requests nodes; None for a program that does not.
        beside: Objects that workloads refer to and that others install, if a lab has their kind.
        built: Differences for the program that `lab install` builds.
    """

    component: Text
    title: Text
    program: Text
    deployment: Text
    config_map: Text
    key: Text
    service: Text
    secret: Text
    group: Text
    queues: tuple[Text, ...]
    workloads: Text
    flavors: Text
    configuration: Mapping[Text, Any]
    gates: Mapping[Text, bool]
    node_requests: NodeRequests | None = None
    beside: tuple[Any, ...] = ()
    built: BuiltProgram
    source: Text


@cache
def load_queue_programs() -> tuple[QueueProgram, ...]:
    """The programs of all components. Raises Refused (BP3901) if a file is invalid."""
    return tuple(read(file, QueueProgram) for file in sorted(data_folder("components").glob("*/lab.yaml")))
