"""`owner` and `driver` of a node pool: who installs driver, container toolkit and device plugin, and which driver."""

from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import Field, GetJsonSchemaHandler

from blueprint.spec.base import Model
from blueprint.spec.forms import BRANCH, DRIVER_VERSION

Owner = Literal["operator", "host", "provider"]
OWNERS: Final[tuple[str, ...]] = get_args(Owner)


_VGPU = (
    "the driver is always that of whole GPUs and MIG; guests with vGPU are not supported: let the node image bring "
    "their driver (owner: host), or patch spec.driver of the ClusterPolicy: repository, image, version and "
    "licensingConfig of your private image"
)


class PoolDriver(Model):
    """The driver branch and its options."""

    FORM = "a mapping (who installs it is declared by owner: {driver: host})"
    ELSEWHERE: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("type", "driverType", "vgpu", "licensingConfig"), _VGPU),
        "owner": "the owner of the driver is set beside driver: owner: {driver: host}",
    }

    OTHER_FORMS: ClassVar[dict[str, tuple[tuple[str, str | None, str | None], ...]]] = {
        "branch": (
            (r"r(\d{3})", r"\1", None),
            (
                r"(\d{3})\.\d+(\.\d+)?",
                None,
                'a branch is three digits in quotes: "580"; an exact version is driver.version',
            ),
        ),
        "version": ((r"r?(\d{3})", None, 'an exact version is 580.173.02; a branch is driver.branch: "580"'),),
    }

    branch: Annotated[str, Field(pattern=BRANCH)] | None = Field(
        examples=["580"],
        default=None,
        description="Driver branch, for example 580. Default: the release's, where the operator owns it.",
    )
    version: Annotated[str, Field(pattern=DRIVER_VERSION)] | None = Field(
        examples=["580.173.02"],
        default=None,
        description="Exact version, for example 580.173.02. Default: the release's of the branch.",
    )
    kernel_modules: Literal["auto", "open", "proprietary"] = Field(
        default="auto", description="Which kernel modules the operator builds; auto follows the GPU."
    )
    precompiled: bool = Field(
        default=False,
        description="Use precompiled kernel modules instead of building them on the node.",
    )


class PoolOwner(Model):
    """Who installs the driver, the container toolkit and the device plugin. A single value applies to all three."""

    FORM = "operator, host or provider, or a mapping of driver, toolkit and devicePlugin"

    driver: Owner | None = Field(
        default=None,
        description="Who installs the driver. operator: the GPU Operator; host: it is in the node image; provider: the "
        "cloud. Default: what the distribution and its node image do.",
    )
    toolkit: Owner | None = Field(
        default=None,
        description="Who installs the container toolkit and configures the container runtime. Default: what fits the "
        "owner of the driver.",
    )
    device_plugin: Owner | None = Field(
        default=None,
        description="Who advertises nvidia.com/gpu: operator is this platform. Only one device plugin may run on a "
        "node. Default: what the node image does.",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "enum": list(OWNERS)}, handler.resolve_ref_schema(handler(core))]}
