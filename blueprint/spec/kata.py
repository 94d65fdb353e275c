"""`kata` of a node pool: its nodes run pods in Kata's virtual machines, to which its GPUs are passed."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import form

SERVICE_URL = form(
    r"https?://[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~-]+)*/?",
    "an address: https://kbs.acme.example, with a port and a path where it has them",
)


class KataSpec(Model):
    """How the pool's nodes run virtual machines. `{}` is plain Kata: isolation by a virtual machine."""

    FORM = "a mapping; {} for plain Kata"
    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {
        "confidential": {
            **dict.fromkeys(("sev-snp", "sev_snp", "sevsnp", "sev", "amd"), ("snp", "AMD's is called snp")),
            **dict.fromkeys(("intel", "tdx1"), ("tdx", "Intel's is called tdx")),
        },
        "ccMode": {"protected-pcie": ("ppcie", "protected PCIe is called ppcie")},
    }

    confidential: Literal["snp", "tdx"] | None = Field(
        default=None,
        description="Encrypt memory and attest what runs: snp: by AMD SEV-SNP; tdx: by Intel TDX. Leave out for plain "
        "Kata.",
    )
    cc_mode: Literal["on", "off", "devtools", "ppcie"] | None = Field(
        default=None,
        description='Confidential mode of the GPUs: "on": one GPU for a pod, on Blackwell several; ppcie: all GPUs and '
        'NVSwitches of a Hopper node for one pod; devtools: for debugging, protects nothing; "off". Default: "on" '
        'with confidential, otherwise "off".',
    )
    guest_pull: bool | None = Field(
        default=None,
        description="Whether images are pulled inside of the virtual machine, so that the host does not see them. "
        "Default: with confidential.",
    )
    attestation: Annotated[str, Field(pattern=SERVICE_URL)] | None = Field(
        examples=["https://kbs.acme.example"],
        default=None,
        description="The key broker (Trustee's KBS) that confidential guests attest themselves to.",
    )
