"""Driver settings that users wrote into rendered objects, by pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from blueprint.bundle.model import FieldOrigin, Object, Path
from blueprint.effective.operator import DriverChoice, EffectiveOperator, Section
from blueprint.platform.drivers.written import NOTHING_WRITTEN, WrittenDriver, WrittenField
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import untracked
from blueprint.platform.tracking.sources import Source

T = TypeVar("T")
_VGPU = "vgpu"
_LICENCES = ("configMapName", "secretName")


def written_drivers(platform: Platform, operator: EffectiveOperator) -> Mapping[str, WrittenDriver]:
    """Driver settings that override those of pools, by pool. Settings that match the pool are omitted."""
    with untracked():
        found = {pool.name: written for pool, written in _each(platform, operator)}
    return {name: written for name, written in found.items() if written != NOTHING_WRITTEN}


def _each(platform: Platform, operator: EffectiveOperator) -> Iterator[tuple[GpuPool, WrittenDriver]]:
    for pool in platform.gpu_pools:
        if pool.mode.driver == "operator":
            yield pool, _of_pool(pool, operator.driver_of({**pool.selector, **pool.labels}), platform)


def _of_pool(pool: GpuPool, choice: DriverChoice, platform: Platform) -> WrittenDriver:
    if choice.doubtful is not None and choice.doubtful.by_hand(_SELECTOR):
        return WrittenDriver(version=_field("", choice.doubtful, _SELECTOR))
    section = choice.section
    if section is None:
        return NOTHING_WRITTEN
    driver = pool.driver
    off = section.path[-1] == "driver" and section.value("enabled") is False
    vgpu = _licensed(section)
    image = _image(section, platform, private=vgpu is not None)
    return WrittenDriver(
        enabled=_differing(section, "enabled", not off, usual=driver.enabled),
        version=_differing(section, "version", section.text("version"), usual=driver.operator_driver_version),
        kernel_modules=_differing(section, "kernelModuleType", section.text("kernelModuleType") or "auto",
                                  usual=driver.kernel_modules),
        precompiled=_differing(section, "usePrecompiled", section.value("usePrecompiled") is True,
                               usual=driver.precompiled),
        image=image,
        vgpu=vgpu or _called_vgpu(image),
    )  # fmt: skip


def _image(section: Section, platform: Platform, *, private: bool) -> WrittenField[str] | None:
    """An image other than NVIDIA's public driver: by its name, or, if the driver is private, by its repository."""
    operator = platform.provider_of("driver")
    usual = operator.component.images["driver"].name if operator else "driver"
    name, repository = section.text("image") or usual, section.text("repository")
    key = "image" if name != usual else "repository" if private else None
    if key is None or not section.by_hand(key):
        return None
    return _field(f"{repository}/{name}" if repository else name, section.subject, (*section.path, key))


def _licensed(section: Section) -> WrittenField[bool] | None:
    """Whether it is a guest driver: by its type, or by its licence."""
    vgpu = True
    if section.value("driverType") == _VGPU:
        return _field(vgpu, section.subject, (*section.path, "driverType"))
    licence = next((key for key in _LICENCES if section.text("licensingConfig", key)), None)
    return _field(vgpu, section.subject, (*section.path, "licensingConfig", licence)) if licence else None


def _called_vgpu(image: WrittenField[str] | None) -> WrittenField[bool] | None:
    """Whether it is a guest driver by the name of its image."""
    vgpu = True
    return WrittenField(vgpu, image.noted) if image and _VGPU in image.value else None


def _differing(section: Section, key: str, value: T, *, usual: T) -> WrittenField[T] | None:
    """The value of a field that a user wrote, if it differs from the pool's."""
    if value == usual or not section.by_hand(key):
        return None
    return _field(value, section.subject, (*section.path, key))


def _field(value: T, subject: Object, path: Path) -> WrittenField[T]:
    origin: FieldOrigin | None = subject.origin(path)
    if origin is None:
        raise LookupError(f"{subject.id} does not know where {path} comes from")
    return WrittenField(value, origin.noted or (Source("manifest", origin.template, ".".join(map(str, path))),))


_SELECTOR: Path = ("spec", "nodeSelector")
