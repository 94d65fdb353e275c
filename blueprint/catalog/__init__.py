"""Facts as data: GPU products, releases, components. Every value knows its source and its line."""

from blueprint.catalog.components import Component, HealthHint, Image
from blueprint.catalog.distribution import Distribution, Mode, NodeImage
from blueprint.catalog.facts import Confidence, Fact
from blueprint.catalog.hardware import Ecc, Gpu, Mig, MigPlacement, MigProfile
from blueprint.catalog.load import Catalog, load_catalog, waves
from blueprint.catalog.machines import Machine, Machines
from blueprint.catalog.releases import DriverBranch, Release
from blueprint.catalog.rules import Condition, Rule, version_key
from blueprint.catalog.settings import Setting

__all__ = [
    "Catalog",
    "Component",
    "Condition",
    "Confidence",
    "Distribution",
    "DriverBranch",
    "Ecc",
    "Fact",
    "Gpu",
    "HealthHint",
    "Image",
    "Machine",
    "Machines",
    "Mig",
    "MigPlacement",
    "MigProfile",
    "Mode",
    "NodeImage",
    "Release",
    "Rule",
    "Setting",
    "load_catalog",
    "version_key",
    "waves",
]
