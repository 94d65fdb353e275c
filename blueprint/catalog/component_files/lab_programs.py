"""How a lab runs the manager of a component on its own machine: `lab.yaml`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class BuiltProgram(Record, kw_only=True):
    """What is different where the program is the one that `lab install` builds, an older version."""

    configuration: Mapping[Text, Any] = {}
    gates: Mapping[Text, bool] = {}


class NodeRequests(Record, kw_only=True):
    """How the manager asks an autoscaler for nodes: it does where the bundle has an object of `kind`.

    Attributes:
        kind: The kind of its own objects that has it ask.
        api_version: Of the requests.
        request: Their kind.
        requests: Their collection, as a URL path.
        answered: The condition of a request that says yes.
    """

    kind: Text
    api_version: Text
    request: Text
    requests: Text
    answered: Text


class QueueProgram(CatalogueFile, kw_only=True):
    """The whole file of one component, whose manager admits workloads by queues.

    Attributes:
        component: Whose manager it is.
        title: How people write its name.
        program: Its name among the programs of a lab.
        deployment: The Deployment whose first container it is in a cluster; its account is the program's.
        config_map: Where its configuration is, under `key`.
        service: The Service by which the API server calls it.
        secret: The Secret into which it puts its certificate.
        group: The API group of its objects.
        queues: Collections whose objects have a condition Active, as URL paths.
        workloads: The collection in which it says what it has admitted.
        flavors: The collection with the labels and tolerations that it adds.
        configuration: Merged over the configuration, null takes a key away; `{webhook}`, `{metrics}` and `{health}` are
            free ports, `{certificates}` is the folder into which the Secret is mounted, `{uncounted}` are names of
            resources that no quota has.
        gates: Features that are switched on or off.
        node_requests: How it asks for nodes; None of a program that does not.
        beside: Objects that workloads refer to and others install, where a lab has their kind.
        built: What is different with the program that `lab install` builds.
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
    """Those of every component. Raises Refused (BP3901) where a file is wrong."""
    return tuple(read(file, QueueProgram) for file in sorted(data_folder("components").glob("*/lab.yaml")))
