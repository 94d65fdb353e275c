"""`spec.components`: differences from the release, and changes that no setting supports."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from blueprint.spec.base import Model
from blueprint.spec.forms import KIND, NON_EMPTY, Name, to_tuple


class PatchTarget(Model):
    """The object that a patch changes."""

    kind: Annotated[str, Field(pattern=KIND)] = Field(examples=["DaemonSet"], description="Kind of the object.")
    name: Annotated[str, Field(min_length=1)] = Field(examples=["nfd-worker"], description="Name of the object.")
    namespace: Name | None = Field(
        examples=["gpu-operator"], default=None, description="Namespace, where several objects share kind and name."
    )


class Patch(Model):
    """A change to one rendered object that no setting expresses."""

    target: PatchTarget = Field(examples=[{"kind": "Deployment", "name": "gpu-operator"}], description="Which object.")
    merge: dict[str, Any] = Field(
        examples=[{"metadata": {"annotations": {"acme.example/change": "CHG-42"}}}],
        min_length=1,
        description="JSON merge patch (RFC 7386): maps merge, lists are replaced, null removes.",
    )
    reason: Annotated[str, Field(min_length=3, pattern=NON_EMPTY)] = Field(
        examples=["CHG-42: audit annotation"], description="The reason; shown wherever the field is traced."
    )


class ComponentSpec(Model):
    """Differences from the release for one component."""

    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"ownership": ("chart",)}

    ownership: Literal["managed", "external", "absent"] | None = Field(
        default=None,
        description="Who installs it. managed: rendered and applied; external: installed by other means; absent: not "
        "installed. Default: managed; external of what its page says is usually there already.",
    )
    settings: dict[str, Any] = Field(
        examples=[{"maxParallelUpgrades": 2}],
        default={},
        description="Typed settings; the component's page lists them.",
    )
    patches: Annotated[tuple[Patch, ...], BeforeValidator(to_tuple)] = Field(
        examples=[
            [
                {
                    "target": {"kind": "Deployment", "name": "gpu-operator"},
                    "merge": {"spec": {"replicas": 2}},
                    "reason": "CHG-42",
                }
            ]
        ],
        default=(),
        description="Changes to rendered objects that no setting expresses.",
    )
