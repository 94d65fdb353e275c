"""A component of the platform with its resolved ownership, settings and images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from blueprint.catalog.components import Component, Image
from blueprint.catalog.setting_types import EMPTY
from blueprint.platform.components.digests import digest
from blueprint.platform.components.pod_settings import PerKey, PodSettings, joined
from blueprint.platform.olm.model import PlatformOlm
from blueprint.platform.tracking.recorder import decided_by, record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import ComponentView, PlatformView
from blueprint.records import asdict, replace
from blueprint.spec.components import ComponentSpec, Patch


def _kind_of(crd: str) -> tuple[str, str]:
    """The group and plural of a CRD file, ignoring its version."""
    group, *_, plural = crd.split("/")
    return group, plural


class PlatformImage:
    """An image, taking registry mirrors into account."""

    def __init__(self, name: str, image: Image, component: Component, platform: PlatformView) -> None:
        self.key = name
        self.image = image
        self._component = component
        self._platform = platform

    def _noted(self, field: str) -> None:
        decided_by(self._platform.release_name)  # the version to which these images belong
        path = ("images", self.key, field)
        record(Source("component", self._component.span(*path), ".".join(path)))

    @tracked_property
    def repository(self) -> str:
        """Registry and path, mirrored."""
        self._noted("repository")
        return self._platform.cluster.mirrored(self.image.repository)

    @tracked_property
    def unmirrored(self) -> str:
        """Registry and path of the vendor."""
        self._noted("repository")
        return self.image.repository

    @tracked_property
    def name(self) -> str:
        """The last part of the path."""
        self._noted("name")
        return self.image.name

    @tracked_property
    def tag(self) -> str:
        """The tag; for the driver, it is the version that follows from the pools' branch."""
        if self.image.tag is None:
            return self._platform.driver.version or ""
        self._noted("tag")
        return self.image.tag

    @tracked_property
    def digest(self) -> str | None:
        """The digest, if the vendor pins one."""
        self._noted("digest")
        return self.image.digest

    @tracked_property
    def ref(self) -> str:
        """`repository/name:tag`."""
        return f"{self.repository}/{self.name}:{self.tag}"


class Operand:
    """The image fields of a custom resource. With OLM they are empty, because the operator's bundle contains them.

    Only the driver is declared there too: the pools determine its branch, and the bundle pins each branch by digest.
    Mirrors are ignored, because the nodes themselves are configured to use them.
    """

    def __init__(self, image: PlatformImage, *, by_olm: bool) -> None:
        self._image = image
        self._explicit = not by_olm
        self._is_driver = image.image.tag is None

    @tracked_property
    def repository(self) -> str | None:
        """Registry and path."""
        return self._image.repository if self._explicit else self._image.unmirrored if self._is_driver else None

    @tracked_property
    def name(self) -> str | None:
        """The last part of the path."""
        return self._image.name if self._explicit or self._is_driver else None

    @tracked_property
    def tag(self) -> str | None:
        """The tag; None for the driver, whose tag is elsewhere."""
        return self._image.tag if self._explicit else None


class Variable:
    """A container variable that records its own source."""

    def __init__(self, name: str, value: str, source: Source) -> None:
        self._name = name
        self._value = value
        self._source = source

    @property
    def name(self) -> str:
        """The name of the variable."""
        record(self._source)
        return self._name

    @property
    def value(self) -> str:
        """The value of the variable."""
        record(self._source)
        return self._value


class Settings:
    """A component's settings by name: the blueprint's value, or the default."""

    def __init__(self, component: Component, given: Mapping[str, Any]) -> None:
        self._component = component
        self._given = given

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def __getitem__(self, name: str) -> Any:
        setting = self._component.settings[name]
        if setting.type == "pod":
            return PodSettings(self._component, name, self._given.get(name, {}))
        if name in self._given:
            return plain(self._given[name])
        if name in self._component.lacks:
            record(Source("component", self._component.span("lacks", name), f"lacks.{name}"))
            return None
        path = ("settings", name, "default")
        record(Source("component", self._component.span(*path), ".".join(path)))
        return EMPTY.get(setting.type) if setting.default is None else setting.default


class PlatformComponent:
    """One component of the platform."""

    def __init__(self, component: Component, spec: ComponentSpec | None, platform: PlatformView) -> None:
        self.component = component
        self.name = component.name
        self._spec = spec
        self._platform = platform

    @tracked_property
    def requested(self) -> bool:
        """Whether the blueprint requests it; records the lines that do."""
        return self._platform.requests(self.component)

    @tracked_property
    def ownership(self) -> str:
        """`managed`, `external` or `absent`."""
        declared = self._spec.ownership if self._spec is not None else None
        return declared or self.component.ownership[0]

    @tracked_property
    def given(self) -> Mapping[str, Any]:
        """The settings that the blueprint sets, unresolved, in its order."""
        return dict(plain(self._spec.settings)) if self._spec is not None else {}

    @tracked_property
    def olm(self) -> PlatformOlm | None:
        """How it is installed through the Operator Lifecycle Manager; None if our own manifests install it."""
        olm = self.component.olm if self._platform.cluster.uses_olm else None
        return PlatformOlm(olm, self.component, self._platform) if olm else None

    def template_files(self) -> tuple[Path, ...]:
        """The templates that are rendered."""
        return self.component.template_files(by_olm=self.olm is not None)

    @property
    def crds(self) -> tuple[str, ...]:
        """The CRDs that we apply; with OLM they come with the operator."""
        if self.olm:
            return ()
        optional = (file for file, switch in self.component.optional_crds.items() if self.settings[switch])
        there = [other for other in self._overruling if other.requested and other.ownership != "absent"]
        overruled = {_kind_of(file) for other in there for file in other.component.crds}
        return tuple(file for file in (*self.component.crds, *optional) if _kind_of(file) not in overruled)

    @property
    def _overruling(self) -> list[ComponentView]:
        """The components of this stack whose CRDs replace this one's if they are installed."""
        stacks = self._platform.stacks
        found = (each for each in self._platform.release_components.values() if each.component.belongs_to(stacks))
        return [each for each in found if self.name in each.component.overrules_crds_of]

    def is_conditional(self, crd: str) -> bool:
        """Whether a CRD is applied for more reasons than the component itself."""
        kinds = {_kind_of(file) for other in self._overruling for file in other.component.crds}
        return crd in self.component.optional_crds or _kind_of(crd) in kinds

    @tracked_property
    def version(self) -> str:
        """The upstream version; for an operator with a version for each release of the distribution, that release."""
        if self.olm and self.olm.package and not self.olm.starting_csv:
            return self._platform.cluster.distribution_version
        decided_by(self._platform.release_name)
        record(Source("component", self.component.span("version"), "version"))
        return self.component.version

    def demands_of(self, component: str) -> tuple[str, ...]:
        """Requirements on another component if something else installs it, in whole sentences."""
        return self.component.demands.get(component, ())

    def has(self, feature: str) -> bool:
        """Whether this version has a feature of newer versions. Records the lines that determine the version."""
        if feature not in self.component.lacks:
            return True
        record(Source("component", self.component.span("lacks", feature), f"lacks.{feature}"))
        return False

    @tracked_property
    def namespace(self) -> str:
        """The namespace of its namespaced objects."""
        if self.olm:
            return self.olm.namespace
        record(Source("component", self.component.span("namespace"), "namespace"))
        return self.component.namespace

    @property
    def labels(self) -> PerKey:
        """Kubernetes' recommended labels, for all objects of the component.

        Selectors never use `instance` and `version`, because these labels change, and selectors cannot.
        """
        return PerKey({
            "app.kubernetes.io/name": lambda: self.name,
            "app.kubernetes.io/instance": lambda: self._platform.name,
            "app.kubernetes.io/version": lambda: self.version,
            "app.kubernetes.io/part-of": lambda: "gpu-platform",
            "app.kubernetes.io/managed-by": lambda: "blueprint",
        })  # fmt: skip

    @tracked_property
    def settings(self) -> Settings:
        """The settings by name."""
        return Settings(self.component, self._spec.settings if self._spec is not None else {})

    def setting_source(self, setting: str, *steps: str) -> Source:
        """The source of a setting in the blueprint, or of something in it."""
        return self._platform.origins.source(("spec", "components", self.name, "settings", setting, *steps))

    def env(self, setting: str) -> list[Variable]:
        """A setting with variables, as the list of a container."""
        given = sorted((self.settings[setting] or {}).items())
        return [Variable(name, value, self.setting_source(setting, name)) for name, value in given]

    def gates(self, setting: str) -> list[str]:
        """A setting with feature gates, each as `NAME=true` or `NAME=false`."""
        return [f"{name}={str(is_open).lower()}" for name, is_open in sorted(self.settings[setting].items())]

    def gates_over(self, defaults: Mapping[str, bool], setting: str) -> list[str]:
        """A setting with feature gates, merged over defaults and in their order."""
        given = {**defaults, **self.settings[setting]}
        return [f"{name}={str(is_open).lower()}" for name, is_open in given.items()]

    def count_or_percent(self, setting: str) -> int | str:
        """A setting with a number or percentage of pods, in Kubernetes' format."""
        value: str = self.settings[setting]
        return int(value) if value.isdigit() else value

    def joined(self, setting: str) -> Any:
        """A setting of type `object`, merged over its default: maps by key, lists concatenated."""
        return joined(self.component.settings[setting].default or {}, self.settings[setting])

    def checksum(self, setting: str) -> str:
        """A digest of a setting of type `object`, for pods that read their configuration only at startup."""
        return digest(self.joined(setting))

    def named(self, name: str, setting: str) -> str:
        """The name of the object with a setting: with a digest if the blueprint sets it, so that changes are noticed.

        The default changes only with the version, which replaces the pods that read it anyway.
        """
        value = self.settings[setting]
        return name if value == self.component.settings[setting].default else f"{name}-{digest(value)}"

    def labels_and(self, setting: str) -> PerKey:
        """The recommended labels, and those from a setting."""
        given = self.settings[setting] or {}
        return self.labels.over({key: partial(self._label, setting, key) for key in given})

    def _label(self, setting: str, key: str) -> str:
        return str(self.settings[setting][key])

    @tracked_property
    def images(self) -> Mapping[str, PlatformImage]:
        """The images by name."""
        images = self._built_for_olm() if self.olm else self.component.images
        return {name: PlatformImage(name, image, self.component, self._platform) for name, image in images.items()}

    def _built_for_olm(self) -> Mapping[str, Image]:
        """The images that the operator's bundle pins, some in another build; empty if a catalogue determines them."""
        olm = self.component.olm
        if olm is None or olm.unlisted:
            return {}
        others = {name: replace(self.component.images[name], **asdict(image)) for name, image in olm.images.items()}
        return {**self.component.images, **others}

    @tracked_property
    def operands(self) -> Mapping[str, Operand]:
        """The image fields in custom resources, by name."""
        return {name: Operand(image, by_olm=self.olm is not None) for name, image in self.images.items()}

    @tracked_property
    def patches(self) -> tuple[Patch, ...]:
        """Changes to rendered objects."""
        return tuple(self._spec.patches) if self._spec is not None else ()
