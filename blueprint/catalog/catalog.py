"""The catalogue of GPU products, releases and components. Each one is read on first use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from blueprint.catalog import codes
from blueprint.catalog.components import Component, ExporterFacts
from blueprint.catalog.distribution import Distribution, Part, Stack
from blueprint.catalog.facts import CatalogueFile
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.kinds import Kind
from blueprint.catalog.loader import read
from blueprint.catalog.machines import Machine, Machines
from blueprint.catalog.releases import Release
from blueprint.catalog.rules import CompatibilityRule
from blueprint.data import data_folder
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import Path as Steps

R = TypeVar("R", bound=CatalogueFile)
_PACKAGE = Path(__file__).resolve().parent
_KIND_AS_KEY = lazy_pattern(r"^  (\w+\.[\w.-]+):", re.MULTILINE)


class Catalog:
    """Looks up entries by file name, so that a compile reads only the products and components that it uses.

    Returns None for a name that does not exist: the caller knows the line that refers to it, and `diagnostics.nearest`
    finds a similar name in `products`, `releases` or `components`. An invalid file raises Refused.
    """

    def __init__(
        self,
        hardware: Path,
        releases: Path,
        components: Path,
        machines: Path | None = None,
        rules: Path | None = None,
    ) -> None:
        self._products = _stored(hardware.glob("*.yaml"))
        self._releases = _stored(releases.glob("*.yaml"))
        self._components = {file.parent.name: file for file in sorted(components.glob("*/component.yaml"))}
        self._clouds = _stored(machines.glob("*.yaml")) if machines else {}
        self._rules = _stored(rules.glob("*.yaml")) if rules else {}
        self._added: dict[str, tuple[Gpu, Steps]] = {}
        self._read: dict[Path, CatalogueFile] = {}
        self._names_by_text: dict[str, tuple[str, ...]] = {}

    def with_product(self, product: Gpu, named_at: Steps) -> Catalog:
        """A copy of this catalogue with one more GPU product, to which the blueprint refers at the path `named_at`.

        Raises Refused (BP3905) if the name is already taken.
        """
        if product.product in (*self._products, *self._added):
            message = f"there is a GPU product {product.product} already"
            at, help_ = product.span("product"), "give it a unique name"
            raise Refused(Diagnostic(codes.PRODUCT_EXISTS, message, at=at, help=help_))
        wider = copy(self)
        wider._added = {**self._added, product.product: (product, named_at)}  # noqa: SLF001 - a Catalog too
        return wider

    def named_at(self, product: str) -> Steps | None:
        """The blueprint path that refers to the file of a product; None for products that ship with the tool."""
        return self._added[product][1] if product in self._added else None

    @property
    def products(self) -> tuple[str, ...]:
        """The names of all GPU products."""
        return tuple(sorted((*self._products, *self._added)))

    @property
    def releases(self) -> tuple[str, ...]:
        """The names of all releases, oldest first."""
        return tuple(self._releases)

    @property
    def components(self) -> tuple[str, ...]:
        """The names of all components."""
        return tuple(self._components)

    def gpu(self, product: str) -> Gpu | None:
        """The facts about a GPU product."""
        if product in self._added:
            return self._added[product][0]
        file = self._products.get(product)
        return self._once(file, Gpu, "product", product) if file else None

    def release(self, name: str) -> Release | None:
        """A release by name, `2026.11`."""
        file = self._releases.get(name)
        return self._once(file, Release, "release", name) if file else None

    def component(self, name: str, version: str | None = None) -> Component | None:
        """A component by name, in the newest or in the requested version.

        Raises Refused (BP3904) if the folder does not have that version.
        """
        file = self._components.get(name)
        if file is None:
            return None
        newest = self._once(file, Component, "name", name, folder=file.parent)
        if version in (None, newest.version):
            return newest
        return self._earlier(newest, file.parent / "versions" / f"{version}.yaml", str(version))

    def _earlier(self, newest: Component, file: Path, version: str) -> Component:
        found = self._read.get(file)
        if isinstance(found, Component):
            return found
        if file.parent.name != "versions" or not file.is_file():
            message = f"{newest.name} has no version {version}, only {newest.version} and those under versions/"
            raise Refused(Diagnostic(codes.COMPONENT_VERSION, message, at=newest.span("version"), path="version"))
        made = read(file, Component, over=newest.document, folder=newest.folder)
        if made.version != version:
            message = f"this is {made.version}, but it is stored as {version}"
            raise Refused(Diagnostic(codes.CATALOGUE_NAME, message, at=made.span("version"), path="version"))
        self._read[file] = made
        return made

    def brought_kind(self, name: str, release: str = "") -> Kind | None:
        """The entry of a component for a kind that it installs, `Kind.group`; None if no component has one.

        Uses the component versions of `release`, or the newest if the release is unknown. Only files with that name are
        parsed.
        """
        versions = (found.components if (found := self.release(release)) else {}) if release else {}
        held = self._names_by_kind.get(name, ())
        found_in = (self.component(one, versions.get(one)) for one in held)
        return next((each.kinds[name] for each in found_in if each and name in each.kinds), None)

    def has_gpus(self, instance_type: str) -> bool:
        """Whether an instance type has GPUs, as far as the catalogue knows."""
        machine = self.machine(instance_type)
        return machine is not None and machine.gpus is not None

    def provider_of(self, part: Part, stack: str) -> str:
        """The name of the component that provides a part of the node stack for a stack. Raises LookupError."""
        for name in self._components_with("\nprovides:"):
            if (found := self.component(name)) and found.brings(part, stack):
                return name
        raise LookupError(f"no component provides {part} in {stack}")

    def component_with(self, setting: str, stacks: Collection[Stack] = ()) -> str:
        """The name of the component with a setting; if several have it, the one for these stacks. Raises
        LookupError.
        """
        names = self._components_with(f"\n  {setting}:\n")
        having = [one for one in map(self.component, names) if one and setting in one.settings]
        found = next((one for one in having if one.has(setting, stacks)), having[0] if having else None)
        if found is None:
            raise LookupError(f"no component has a setting {setting}")
        return found.name

    def folder_with(self, setting: str) -> Path:
        """The folder of the component with a setting. Raises LookupError."""
        return self._components[self.component_with(setting)].parent

    def advertiser_of(self, fabric: str) -> str | None:
        """The name of the component that advertises the network adapters of a fabric; None if only clouds do."""
        return self._advertisers.get(fabric)

    @cached_property
    def _advertisers(self) -> dict[str, str]:
        """The first component for each fabric. Cached, because every pool reads it."""
        found = [self.component(name) for name in self._components_with("\nfabrics:")]
        return {fabric: each.name for each in reversed(found) if each for fabric in each.fabrics}

    def exporters(self) -> Iterator[tuple[Component, ExporterFacts]]:
        """The components that export GPU metrics, and how they do it. Only files with such an entry are parsed."""
        for name in self._components_with("\nexporter:"):
            if (found := self.component(name)) and found.exporter:
                yield found, found.exporter

    def exporter_of(self, stack: str) -> tuple[Component, ExporterFacts]:
        """The component that exports the GPU metrics of a stack. Each stack has exactly one."""
        return next((one, how) for one, how in self.exporters() if stack in one.stacks)

    def distribution(self, name: str) -> Distribution:
        """A Kubernetes distribution by name. The schema accepts only names that have a file."""
        return self._once(_PACKAGE / "distributions" / f"{name}.yaml", Distribution, "distribution", name)

    def distribution_with(self, family: str) -> Distribution | None:
        """The first distribution whose node images include a family that not every one has: `cos`, `bottlerocket`."""
        files = sorted((_PACKAGE / "distributions").glob("*.yaml"))
        held = [file.stem for file in files if f"\n  {family}:\n" in file.read_text("utf-8")]
        return next((each for each in map(self.distribution, held) if family in each.images), None)

    @property
    def rules(self) -> tuple[CompatibilityRule, ...]:
        """All compatibility rules."""
        return tuple(self._once(file, CompatibilityRule, "rule", name) for name, file in self._rules.items())

    @property
    def clouds(self) -> tuple[Machines, ...]:
        """The instance types of all clouds."""
        return tuple(self._once(file, Machines, "cloud", name) for name, file in self._clouds.items())

    def clouds_of(self, distribution: str) -> tuple[Machines, ...]:
        """The clouds that run a distribution. Only files that contain its name are parsed."""
        held = [name for name, file in self._clouds.items() if distribution in file.read_text("utf-8")]
        found = (self._once(self._clouds[name], Machines, "cloud", name) for name in held)
        return tuple(cloud for cloud in found if distribution in cloud.distributions)

    def machine(self, name: str) -> Machine | None:
        """A cloud's instance type by name, `p5.48xlarge`. Only files that contain the name are parsed."""
        for cloud, file in self._clouds.items():
            if name in file.read_text("utf-8") and (found := self._once(file, Machines, "cloud", cloud).machine(name)):
                return found
        return None

    def _components_with(self, text: str) -> tuple[str, ...]:
        """The names of the components whose file contains a text. Only those need to be parsed."""
        known = self._names_by_text.get(text)
        if known is None:
            known = tuple(name for name, content in self._component_texts.items() if text in content)
            self._names_by_text[text] = known
        return known

    @cached_property
    def _names_by_kind(self) -> dict[str, list[str]]:
        """The components whose file has a key of the form `Kind.group`. Indexed, because inputs can have any number of
        kinds.
        """
        found: dict[str, list[str]] = {}
        for name, content in self._component_texts.items():
            for kind in dict.fromkeys(_KIND_AS_KEY.findall(content)):
                found.setdefault(kind, []).append(name)
        return found

    @cached_property
    def _component_texts(self) -> dict[str, str]:
        return {name: file.read_text("utf-8") for name, file in self._components.items()}

    def _once(self, file: Path, model: type[R], key: str, name: str, **extra: Any) -> R:
        record = self._read.get(file)
        if not isinstance(record, model):
            record = read(file, model, **extra)
            if (given := getattr(record, key)) != name:
                message = f"this is {given}, but it is stored as {name}"
                raise Refused(Diagnostic(codes.CATALOGUE_NAME, message, at=record.span(key), path=key))
            self._read[file] = record
        return record


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """The catalogue that ships with the tool. Files are listed, but not read."""
    folders = [_PACKAGE / name for name in ("hardware", "releases", "machines", "compatibility")]
    return Catalog(folders[0], folders[1], data_folder("components"), folders[2], folders[3])


def waves(components: Iterable[Component]) -> tuple[tuple[Component, ...], ...]:
    """The components in dependency order: those in one wave may be applied together.

    Dependencies outside of `components` are ignored. Raises Refused (BP3903) if components depend on each other in a
    cycle.
    """
    waiting = {component.name: component for component in sorted(components, key=lambda one: one.name)}
    ordered: list[tuple[Component, ...]] = []
    while waiting:
        ready = tuple(one for one in waiting.values() if not waiting.keys() & set(one.needs))
        if not ready:
            raise Refused(_circle(waiting))
        ordered.append(ready)
        for component in ready:
            del waiting[component.name]
    return tuple(ordered)


def _circle(waiting: Mapping[str, Component]) -> Diagnostic:
    names = ", ".join(waiting)
    first = next(iter(waiting.values()))
    return Diagnostic(codes.COMPONENT_CYCLE, f"{names} need each other", at=first.span("needs"), path="needs")


def _stored(files: Iterable[Path]) -> dict[str, Path]:
    return {file.name.removesuffix(".yaml"): file for file in sorted(files)}
