"""How a lab runs a scheduler that an operator installs on its own machine: `lab-scheduler.yaml`."""

from collections.abc import Mapping
from functools import cache

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class HostProgram(Record, kw_only=True):
    """One program, as it runs on a machine and not in a pod.

    Attributes:
        arguments: Given after those of its container; `{webhook}` and `{health}` are free ports.
        health: Whether it answers `/readyz` on the port `{health}`.
        webhook: Whether the API server calls it.
    """

    arguments: tuple[Text, ...]
    health: bool = False
    webhook: bool = False


class DeployedWhen(Record, kw_only=True):
    """When the operator has made everything: all objects of these collections, as URL paths, have the conditions."""

    conditions: Mapping[Text, Text]
    collections: tuple[Text, ...]


class NamedRuntimeClass(Record, kw_only=True):
    """The kind of the component's object that names a RuntimeClass, and the dotted path of the field."""

    kind: Text
    field: Text


class SchedulerPrograms(CatalogueFile, kw_only=True):
    """The whole file of one component, whose operator runs a scheduler.

    Attributes:
        component: Whose programs they are.
        title: How people write its name.
        scheduler: The scheduler that pods name.
        deployment: The Deployment of the operator.
        groups: The API groups of its objects.
        deployed: When the operator has made everything.
        programs: What runs in a lab, by the last part of the image's name. The program has that name, too.
        groups_of_pods: The collection in which it says why a group of pods does not start.
        group_of_pod: The annotation of a pod that names its group.
        over_quota: Reasons of a group that are about quota.
        runtime_class: Where the RuntimeClass of the pods that it makes is named; others bring it.
    """

    component: Text
    title: Text
    scheduler: Text
    deployment: Text
    groups: tuple[Text, ...]
    deployed: DeployedWhen
    programs: Mapping[Text, HostProgram]
    groups_of_pods: Text
    group_of_pod: Text
    over_quota: tuple[Text, ...]
    runtime_class: NamedRuntimeClass
    source: Text


@cache
def load_scheduler_programs() -> tuple[SchedulerPrograms, ...]:
    """Those of every component. Raises Refused (BP3901) where a file is wrong."""
    files = sorted(data_folder("components").glob("*/lab-scheduler.yaml"))
    return tuple(read(file, SchedulerPrograms) for file in files)
