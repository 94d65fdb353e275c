"""Facts about one GPU product."""

from collections.abc import Mapping
from typing import Annotated, Literal

from blueprint.catalog.facts import AtLeast, CatalogueFile, Fact, Matching, Text
from blueprint.records import Record

Architecture = Literal["Pascal", "Volta", "Turing", "Ampere", "Ada Lovelace", "Hopper", "Blackwell"]
"""Architectures, as named by NVML and the DRA driver."""

KernelModules = Literal["open", "proprietary"]
Arch = Literal["amd64", "arm64"]
"""A processor architecture, as the label `kubernetes.io/arch` spells it."""

ConfidentialMode = Literal["single-gpu", "multi-gpu", "protected-pcie"]
"""Modes of confidential computing: one GPU per virtual machine, several over encrypted NVLink, several over PCIe."""

CardId = Annotated[str, Matching(r"[0-9a-f]{4}", "four lower-case hexadecimal digits")]
PciId = Annotated[
    str, Matching("10de:[0-9a-f]{4}(:[0-9a-f]{4}:[0-9a-f]{4})?", "10de: and four lower-case hexadecimal digits")
]
"""Vendor and device, as printed by `lspci -nn`. NVML's `pciDeviceId` 0x233010DE is `10de:2330`.

If several products share a device ID, the subsystem's vendor and device follow: `10de:25b6:10de:157e` (A2) and
`10de:25b6:10de:14a9` (A16).
"""

Positive = Annotated[int, AtLeast(1)]
Count = Annotated[int, AtLeast(0)]
DriverBranch = Annotated[str, Matching(r"\d{3}", "a driver branch")]
DriverVersion = Annotated[str, Matching(r"\d{3}(\.\d+){0,2}", "a driver branch or version")]
"""A branch (`525`) or an exact version (`570.133.20`)."""


class Ecc(Record, kw_only=True):
    """Error correction: whether the memory supports it, and whether it is enabled by default."""

    supported: Fact[bool]
    default: Fact[bool] | None = None


class MigProfile(Record, kw_only=True):
    """A MIG profile, and how many of it fit on an otherwise empty GPU."""

    name: Annotated[str, Matching(r"\dg\.\d+gb([+-]\w+(\.\w+)?)?", "a MIG profile")]
    max: Positive


class MigPlacement(Record, kw_only=True):
    """The number of memory slices that an instance occupies, and the slices at which it may start."""

    slices: Positive
    starts: tuple[Annotated[int, AtLeast(0)], ...]


class MigInstance(Record, kw_only=True):
    """The share of the GPU that an instance of a profile gets; None: unknown.

    Attributes:
        id: The ID of the profile, as listed by `nvidia-smi mig -lgip`.
        memory_mib: Memory in MiB, which is less than the profile's name suggests.
        multiprocessors: Streaming multiprocessors (SM).
        copy_engines: Copy engines (CE).
        decoders: Video decoders (DEC).
        encoders: Video encoders (ENC).
        jpeg_engines: JPEG engines (JPEG).
        ofa_engines: Optical flow accelerators (OFA).
    """

    id: Count
    memory_mib: Positive | None = None
    multiprocessors: Positive | None = None
    copy_engines: Count | None = None
    decoders: Count | None = None
    encoders: Count | None = None
    jpeg_engines: Count | None = None
    ofa_engines: Count | None = None


class Mig(Record, kw_only=True):
    """Multi-Instance GPU: the profiles by name, their possible placements, and the share of the GPU that each one
    gets.
    """

    supported: Fact[bool]
    profiles: Fact[tuple[MigProfile, ...]] | None = None
    placements: Fact[Mapping[str, MigPlacement]] | None = None
    instances: Fact[Mapping[str, MigInstance]] | None = None


class NvLink(Record, kw_only=True):
    """The links to other GPUs. `links` is 0 if there are none; it is missing for cards with a bridge.

    Attributes:
        generation: The NVLink generation.
        links: The number of links per GPU.
        bandwidth_gb_per_s: Bandwidth per GPU over all links, in both directions.
        domain_gpus: The largest number of GPUs in one NVLink domain.
    """

    generation: Fact[Positive] | None = None
    links: Fact[Count] | None = None
    bandwidth_gb_per_s: Fact[Positive] | None = None
    domain_gpus: Fact[Positive] | None = None


class Pcie(Record, kw_only=True):
    """The connection to the host: generation and number of lanes. An idle link may run at a lower generation."""

    generation: Fact[Positive]
    width: Fact[Positive]


class Power(Record, kw_only=True):
    """The configurable power limits in watts; the default is `tdp_w`."""

    minimum_w: Fact[Positive]
    maximum_w: Fact[Positive]


class Thermal(Record, kw_only=True):
    """Temperatures in degrees Celsius at which the GPU slows down and shuts down, and its maximum operating
    temperature.
    """

    slowdown_c: Fact[Positive]
    shutdown_c: Fact[Positive]
    maximum_c: Fact[Positive]
    memory_maximum_c: Fact[Positive]


class Gpu(CatalogueFile, kw_only=True):
    """One product of the hardware catalogue. An unknown fact is None, and results that depend on it are unknown.

    Attributes:
        product: The name in blueprints: model, then form factor and size if a model has several.
        nvml_names: The names in NVML. Compare whole names: "NVIDIA H200" is part of "NVIDIA GH200 ...".
        pci_device_ids: The PCI IDs of the product; `device_ids` are those that no other product has.
        gfd_product: The value of the node label `nvidia.com/gpu.product` without sharing or MIG suffixes.
        compute_capability: CUDA compute capability, `major.minor`.
        unified_memory: Whether it has only the machine's memory: NVML then reports memory as not supported.
        board_gpus: The number of GPUs on a board or tray, if there is only one size; each node has that many.
        memory_mib: Total memory as reported by NVML, in MiB, with the default ECC mode; not the marketing figure.
        tdp_w: Default power limit in watts.
        kernel_modules: The kernel module types that support it.
        minimum_driver: The oldest driver branch or version that supports it.
        maximum_driver: The newest branch that supports it; None if all newer ones do.
        host_arch: The processor architectures of its hosts, if the product determines them.
        nvlink: The links to other GPUs.
        nvlink_management: The PCI device ID of ConnectX adapters on its board that manage NVLink and resemble a
            fabric's.
        fabric_manager: Whether its nodes run NVIDIA's Fabric Manager themselves.
        pcie: The connection to the host.
        power: The configurable power limits.
        thermal: Relevant temperatures.
        confidential_modes: The supported modes of confidential computing; None if unknown.
    """

    product: Text
    nvml_names: Fact[tuple[Text, ...]]
    pci_device_ids: Fact[tuple[PciId, ...]]
    gfd_product: Fact[Text]
    architecture: Fact[Architecture]
    compute_capability: Fact[Annotated[str, Matching(r"\d+\.\d", "major.minor")]]
    form_factor: Fact[Literal["PCIe", "NVL", "SXM", "SXM2", "SXM3", "SXM4", "SXM5", "SXM6"]] | None = None
    board_gpus: Fact[Positive] | None = None
    memory_mib: Fact[Positive] | None = None
    unified_memory: Fact[bool] | None = None
    memory_type: Fact[Literal["GDDR6", "GDDR7", "HBM2", "HBM2e", "HBM3", "HBM3e"]] | None = None
    ecc: Ecc
    mig: Mig
    tdp_w: Fact[Positive] | None = None
    kernel_modules: Fact[tuple[KernelModules, ...]]
    minimum_driver: Fact[DriverVersion] | None = None
    maximum_driver: Fact[DriverBranch] | None = None
    host_arch: Fact[Arch] | None = None
    nvlink: NvLink | None = None
    nvlink_management: Fact[CardId] | None = None
    fabric_manager: Fact[bool] | None = None
    pcie: Pcie | None = None
    power: Power | None = None
    thermal: Thermal | None = None
    confidential_modes: Fact[tuple[ConfidentialMode, ...]] | None = None

    @property
    def device_ids(self) -> tuple[str, ...]:
        """The device IDs that identify it, `2330`; empty if it shares one with another product and can only be
        identified by name.
        """
        ids = self.pci_device_ids.value
        return () if any(len(each) > len("10de:2330") for each in ids) else tuple(each[5:] for each in ids)
