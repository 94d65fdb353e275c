"""`gpu.mig` and `gpu.sharing`: how the GPUs of a node are partitioned, and how they are shared."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from blueprint.patterns import lazy_pattern
from blueprint.spec.base import Model
from blueprint.spec.forms import form, to_tuple

_MOST_DEVICES = 16
_RANGE = lazy_pattern(r"(\d{1,2})-(\d{1,2})", re.ASCII)
_PROFILE = r"[1-9]g\.[1-9][0-9]{0,2}gb([-+][a-z]+(\.[a-z]+)?)?"

PROFILE = form(_PROFILE, "a MIG profile: 1g.10gb, 1g.10gb+me")
SHARED = form(
    rf"(all|gpu|{_PROFILE})",
    "all, gpu (GPUs that are not partitioned, or every slice under strategy single), or a MIG profile; "
    "one number for all is timeSlicing: 4",
)


def _devices(value: Any) -> Any:
    """`all`, `2`, `0-3` or `[0, 1]` as `all` or indices in the order written. Raises ValueError with the error."""
    if value == "all":
        return value
    if isinstance(value, str) and (match := _RANGE.fullmatch(value)):
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise ValueError(f"{value} is not a range: its end is before its start")
        return tuple(range(first, last + 1))
    found = value if isinstance(value, list) else [value]
    if not found or not all(type(index) is int and index >= 0 for index in found):
        raise ValueError(
            f"{_shown(value)} does not select GPUs; use all, an index, a range like 0-3, or a list like [0, 1]"
        )
    return tuple(found)


def _some(layouts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Require at least one. `min_length` would count only the valid ones, and report a second error."""
    if not layouts:
        raise ValueError("has no layout; remove mig if the GPUs are not partitioned")
    return layouts


def _shown(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else str(value)


def _for_all(value: Any) -> Any:
    return {"all": value} if isinstance(value, int) and not isinstance(value, bool) else value


_INDEX = {"type": "integer", "minimum": 0, "maximum": _MOST_DEVICES - 1}
Devices = Annotated[
    tuple[int, ...] | Literal["all"],
    BeforeValidator(_devices),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^(all|[0-9]{1,2}-[0-9]{1,2})$"},
                _INDEX,
                {"type": "array", "items": _INDEX, "minItems": 1, "uniqueItems": True},
            ]
        }
    ),
]
"""Indices of a node's GPUs, or `all`."""

Replicas = Annotated[int, Field(ge=2, le=128)]
_REPLICAS = {"type": "integer", "minimum": 2, "maximum": 128}
TimeSlicing = Annotated[
    dict[Annotated[str, Field(pattern=SHARED)], Replicas],
    BeforeValidator(_for_all),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                _REPLICAS,
                {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": SHARED},
                    "additionalProperties": _REPLICAS,
                },
            ]
        }
    ),
]
"""Replicas by resource; a number applies to all."""


class MigLayout(Model):
    """The partitioning of some GPUs of each node."""

    devices: Devices = Field(
        examples=["all", "0-3", [0, 1], 7],
        default="all",
        description='Which GPUs of each node: all, an index, a range "0-3", or a list of indexes.',
    )
    profiles: dict[Annotated[str, Field(pattern=PROFILE)], Annotated[int, Field(ge=1)]] = Field(
        examples=[{"1g.10gb": 7}, {"3g.40gb": 2}],
        min_length=1,
        description="Instances on each of these GPUs, by MIG profile. They must fit together.",
    )


class PoolMig(Model):
    """Multi-Instance GPU. GPUs without a layout entry are not partitioned."""

    strategy: Literal["single", "mixed"] | None = Field(
        default=None,
        description="How pods request instances: single: as nvidia.com/gpu, mixed: as nvidia.com/mig-PROFILE. "
        "Default: single where all GPUs of all partitioned pools are partitioned into one profile, otherwise mixed.",
    )
    layout: Annotated[tuple[MigLayout, ...], BeforeValidator(to_tuple), AfterValidator(_some)] = Field(
        examples=[[{"devices": "0-3", "profiles": {"1g.10gb": 7}}, {"devices": "4-7", "profiles": {"3g.40gb": 2}}]],
        json_schema_extra={"minItems": 1},
        description="How the GPUs of each node are partitioned.",
    )


class PoolSharing(Model):
    """Several pods on one GPU, or on one MIG instance, through either time-slicing or MPS."""

    time_slicing: TimeSlicing | None = Field(
        examples=[4, {"gpu": 4, "1g.10gb": 2}],
        default=None,
        description="Pods that take turns on each GPU or instance, without isolation of memory: a number, or numbers "
        "by what is shared, as in {gpu: 4, 1g.10gb: 2}.",
    )
    mps: Annotated[int, Field(ge=2, le=48)] | None = Field(
        examples=[4],
        default=None,
        description="Pods that run on each GPU at the same time under CUDA MPS, each with its part of the memory.",
    )
    rename_by_default: bool = Field(
        default=False, description="Whether shared resources get the suffix .shared, so that pods must request them."
    )
    fail_requests_greater_than_one: bool = Field(
        default=True,
        description="Whether a pod that requests two shares is refused: two shares bring no more computing than one.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.time_slicing is not None and self.mps is not None:
            raise ValueError("timeSlicing and mps are mutually exclusive: keep one")
        if self.time_slicing is None and self.mps is None:
            raise ValueError("sets neither timeSlicing nor mps")
        return self
