"""All container images that the platform pulls, including those that operators pull later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from blueprint.bundle.images import DIGEST, PulledImage
from blueprint.bundle.model import Object
from blueprint.platform.components.model import PlatformComponent, PlatformImage
from blueprint.platform.model import Platform
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import by_relevance, flatten
from blueprint.render.expressions import compile_expression
from blueprint.render.operand_images import OperandImages, tag_suffixes


def pulled_images(platform: Platform, objects: Sequence[Object]) -> tuple[PulledImage, ...]:
    """All images without duplicates: those in rendered pods, and those of pods that operators create."""
    found = {image.ref: image for image in _in_pods(objects)}
    operands = OperandImages(platform, objects)
    for component in platform.components.values():
        for image in component.images.values():
            if operands.by_hand(image.image):
                found |= {made.ref: made for made in operands.named(image, component) if made.ref not in found}
            elif component.ownership == "managed":
                found |= {made.ref: made for made in _pulled(image, component, platform)}
    return tuple(sorted(found.values(), key=lambda image: image.ref))


def _pulled(image: PlatformImage, component: PlatformComponent, platform: Platform) -> Iterator[PulledImage]:
    """The image with each of its tags: the driver may have several, or none that is known here."""
    with recording() as sources:
        if not (component.requested and _is_pulled(image, component, platform)):
            return
        suffixes = [""] if component.olm else tag_suffixes(image, platform)
        tags = platform.driver.tags if image.image.tag is None else [image.tag]
        if component.olm and image.image.tag_suffix and image.digest:
            tags = [image.digest]  # without the system's name the tag is incomplete, and the bundle has none
        pinned = {_ref(image, f"{tag}{end}"): _digest(image, tag, end) for tag in tags for end in suffixes}
    yield from (
        PulledImage(ref, component.name, digest, flatten(by_relevance(sources))) for ref, digest in pinned.items()
    )


def _ref(image: PlatformImage, tag: str) -> str:
    return f"{image.repository}/{image.name}{'@' if tag.startswith(DIGEST) else ':'}{tag}"


def _digest(image: PlatformImage, tag: str, suffix: str) -> str | None:
    """The digest that the vendor pins for the tag. A suffix added by an operator makes it another image."""
    return None if suffix or tag.startswith(DIGEST) else image.digest


def _is_pulled(image: PlatformImage, component: PlatformComponent, platform: Platform) -> bool:
    if image.image.pulled_by == "dormant":
        return False
    condition = (image.image.when or "true").strip().removeprefix("{{").removesuffix("}}")
    return bool(compile_expression(condition)({"platform": platform, "component": component}))


def named_in_pods(objects: Iterable[Object]) -> frozenset[str]:
    """The references in rendered pods."""
    return frozenset(image.ref for image in _in_pods(objects))


def _in_pods(objects: Iterable[Object]) -> Iterator[PulledImage]:
    for obj in objects:
        found: list[str] = []
        _add_container_images(obj.data, found)
        for image in found:
            yield PulledImage(image, obj.component)


def _add_container_images(value: dict[str, Any] | list[Any], found: list[str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("containers", "initContainers") and isinstance(item, list):
                found += (c["image"] for c in item if isinstance(c, dict) and isinstance(c.get("image"), str))
            if isinstance(item, dict | list):
                _add_container_images(item, found)
    else:
        for item in value:
            if isinstance(item, dict | list):
                _add_container_images(item, found)
