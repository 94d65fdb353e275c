"""Images of operands in rendered custom resources that users have modified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.bundle.images import DIGEST, PulledImage
from blueprint.bundle.model import USERS, FieldOrigin, Object, Path
from blueprint.catalog.components import Image
from blueprint.catalog.releases import image_system
from blueprint.effective.operator import CLUSTER_POLICY, EffectiveOperator, Section
from blueprint.platform.components.model import PlatformComponent, PlatformImage
from blueprint.platform.model import Platform
from blueprint.platform.tracking.sources import Sources, by_relevance, flatten

_NAME = ("repository", "image", "version")
_SANDBOX = frozenset({"ccManager", "kataSandboxDevicePlugin", "sandboxDevicePlugin", "vfioManager", "vgpuManager"})
"""Operands of the ClusterPolicy that run on nodes for virtual machines."""
_DRIVER = frozenset({"driver", "gds", "gdrcopy"})
"""Operands of the ClusterPolicy that NVIDIADriver objects replace."""


class OperandImages:
    """The images in custom resources, by the sections that the catalogue lists for each image."""

    def __init__(self, platform: Platform, objects: Iterable[Object]) -> None:
        self._platform = platform
        self._operator = EffectiveOperator(objects)
        in_force = (self._operator.cluster_policy, self._operator.gpu_cluster, *self._operator.drivers)
        self._objects = [each for each in in_force if each is not None]

    def by_hand(self, image: Image) -> bool:
        """Whether a user determined what is pulled for an image, or whether it is pulled."""
        return any(
            any(section.by_hand(key) for key in _OWN_FIELDS) or any(map(section.subject.by_hand, _switches(section)))
            for section in self._sections(image)
        )

    def named(self, image: PlatformImage, component: PlatformComponent) -> Iterator[PulledImage]:
        """The images in the sections that the operator uses."""
        managed = component.ownership == "managed"
        for section in self._sections(image.image):
            own = section.subject.component == USERS
            if (own or managed) and self._is_used(section) and (ref := self._ref(section, image, complete=own)):
                yield from self._with_suffixes(ref, section, image, component)

    def _sections(self, image: Image) -> list[Section]:
        places = [place.split(": ") for place in image.sections]
        found = [
            Section(each, tuple(path.split("."))) for kind, path in places for each in self._objects
            if each.data["kind"] == kind
        ]  # fmt: skip
        return [section for section in found if section.value() is not None]

    def _is_used(self, section: Section) -> bool:
        if section.subject.data["kind"] == CLUSTER_POLICY:
            part, sandbox = section.path[1], Section(section.subject, ("spec", "sandboxWorkloads"))
            driver = self._operator.uses_driver_objects
            if (part in _DRIVER and driver) or (part in _SANDBOX and not sandbox.is_enabled):
                return False
        return all(_part(section, end).is_enabled for end in range(2, len(section.path) + 1))

    def _ref(self, section: Section, image: PlatformImage, *, complete: bool) -> tuple[str, str, str] | None:
        """Repository, name and tag. Empty parts come from the catalogue; with `complete`, there is no image then."""
        if section.value("usePrecompiled") is True:
            return None  # its tag contains the node's kernel version
        written = tuple(section.text(key) for key in _NAME)
        if complete:
            return (written[0], written[1], written[2]) if all(written) else None
        usual = (image.repository, image.name, image.tag)
        repository, name, tag = (mine or theirs for mine, theirs in zip(written, usual, strict=True))
        return (repository, name, tag) if tag else None

    def _with_suffixes(
        self, ref: tuple[str, str, str], section: Section, image: PlatformImage, component: PlatformComponent
    ) -> Iterator[PulledImage]:
        repository, name, tag = ref
        fixed = component.olm is not None or tag.startswith(DIGEST)
        pinned = None if ref != (image.repository, image.name, image.tag) else image.digest
        for suffix in [""] if fixed else tag_suffixes(image, self._platform):
            text = f"{repository}/{name}{'@' if tag.startswith(DIGEST) else ':'}{tag}{suffix}"
            owner = section.subject.component
            yield PulledImage(text, owner, None if suffix else pinned, flatten(by_relevance(_noted(section))))


_OWN_FIELDS = (*_NAME, "enabled", "usePrecompiled")


def _switches(section: Section) -> Iterator[Path]:
    """The fields that enable or disable a section, in addition to its own."""
    yield from ((*section.path[:end], "enabled") for end in range(2, len(section.path)))
    if section.subject.data["kind"] == CLUSTER_POLICY:
        if section.path[1] in _DRIVER:
            yield ("spec", "driver", "useNvidiaDriverCRD")
        if section.path[1] in _SANDBOX:
            yield ("spec", "sandboxWorkloads", "enabled")


def _part(section: Section, end: int) -> Section:
    return Section(section.subject, section.path[:end])


def _noted(section: Section) -> Sources:
    origins: list[FieldOrigin | None] = [section.subject.origin((*section.path, key)) for key in _NAME]
    return tuple(source for origin in origins if origin for source in origin.noted)


def tag_suffixes(image: PlatformImage, platform: Platform) -> list[str]:
    """The suffixes that the operator adds to a tag: the operating system, `-ubuntu24.04`, `-rhel9`; or
    `-rhel9.4-amd64`.
    """
    if image.image.tag_suffix is None:
        return [""]
    if image.image.tag_suffix == "operating-system-and-architecture":
        name, _, version = platform.cluster.os.partition("-")
        return [f"-{name}{version}-{arch}" for arch in platform.nic_policies.architectures]
    return [f"-{image_system(platform.cluster.os)}"]
