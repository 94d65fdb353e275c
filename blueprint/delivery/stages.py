"""The objects of a bundle by stage: each stage must be complete before the next one starts."""

from __future__ import annotations

from collections.abc import Sequence

from blueprint.bundle.model import Object
from blueprint.kubernetes.stages import Stage, stage_of
from blueprint.records import Record


class DeliveryStage(Record):
    """One stage: its number, its name in lower case, and its objects in the order of the bundle."""

    number: int
    name: str
    objects: tuple[Object, ...]

    @property
    def label(self) -> str:
        """`1-definitions`: sorts in apply order."""
        return f"{self.number}-{self.name}"


def stages_of(objects: Sequence[Object]) -> list[DeliveryStage]:
    """The stages that have objects, in order."""
    found = ((stage, tuple(obj for obj in objects if stage_of(obj.id) is stage)) for stage in Stage)
    return [DeliveryStage(stage.value, stage.name.lower(), members) for stage, members in found if members]
