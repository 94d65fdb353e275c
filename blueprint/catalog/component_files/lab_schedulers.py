"""How a lab runs a scheduler that an operator installs on the local machine: `lab-scheduler.yaml`."""

from collections.abc import Mapping
from functools import cache

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record


class HostProgram(Record, kw_only=True):
    """One program that runs on the machine instead of in a pod.

    Attributes:
        arguments: Appended to those of its container; `{webhook}` and `{health}` are free ports.
        health: Whether it serves `/readyz` on the port `{health}`.
        webhook: Whether the API server calls it.
    """

    arguments: tuple[Text, ...]
    health: bool = False
    webhook: bool = False


class DeployedWhen(Record, kw_only=True):
    """The conditions under which the operator is finished: all objects of these collections, as URL paths, have
    them.
    """

    conditions: Mapping[Text, Text]
    collections: tuple[Text, ...]


class NamedRuntimeClass(Record, kw_only=True):
    """The kind of the component's object that refers to a RuntimeClass, and the dotted path of the field."""

    kind: Text
    field: Text


class SchedulerPrograms(CatalogueFile, kw_only=True):
    """The whole file of one component whose operator runs a scheduler.

    Attributes:
        component: The component of the programs.
        title: The display name.
        scheduler: The `schedulerName` of pods.
        deployment: The Deployment of the operator.
        groups: The API groups of its objects.
        deployed: When the operator has created everything.
        programs: The programs that run in a lab, by the last part of the image name, which is also the program's name.
        groups_of_pods: The collection that records why a group of pods does not start.
        group_of_pod: The annotation of a pod with its group's name.
        over_quota: Reasons of a group that concern quota.
        runtime_class: The field with the RuntimeClass of the pods that it creates; others install the RuntimeClass.
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
    """The programs of all components. Raises Refused (BP3901) if a file is invalid."""
    files = sorted(data_folder("components").glob("*/lab-scheduler.yaml"))
    return tuple(read(file, SchedulerPrograms) for file in files)
