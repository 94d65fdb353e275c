"""`driver` and `owner` of a node pool: who brings driver, container toolkit and device plugin, and which driver."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import BRANCH, DRIVER_VERSION

Owner = Literal["operator", "host", "provider"]


class PoolDriver(Model):
    """Who installs the driver, and which."""

    ELSEWHERE: ClassVar[dict[str, str]] = {
        "type": "the driver is always that of whole GPUs and MIG; guests with vGPU are not supported: let the node "
        "image bring their driver (owner: host), or patch spec.driver of the ClusterPolicy: repository, image, version "
        "and licensingConfig of your private image"
    }

    owner: Owner | None = Field(
        default=None,
        description="operator: the GPU Operator installs it; host: the node image has it; provider: the cloud does. "
        "Default: as the distribution and its node image do it.",
    )
    branch: Annotated[str, Field(pattern=BRANCH)] | None = Field(
        default=None, description="Driver branch, for example 580. Default: the release's, where the operator owns it."
    )
    version: Annotated[str, Field(pattern=DRIVER_VERSION)] | None = Field(
        default=None, description="Exact version, for example 580.173.02. Default: the release's of the branch."
    )
    kernel_modules: Literal["auto", "open", "proprietary"] = Field(
        default="auto", description="Which kernel modules the operator builds; auto follows the GPU."
    )
    precompiled: bool = Field(
        default=False,
        description="Take kernel modules built for the nodes' kernel instead of building them on the node.",
    )


class PoolOwner(Model):
    """Who brings what stands between driver and pods."""

    toolkit: Owner | None = Field(
        default=None,
        description="Who installs the container toolkit and sets up the runtime. Default: as driver.owner has it.",
    )
    device_plugin: Owner | None = Field(
        default=None,
        description="Who advertises nvidia.com/gpu; operator is this platform. Exactly one may. "
        "Default: as the node image has it.",
    )
