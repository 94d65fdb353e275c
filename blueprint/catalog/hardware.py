"""What is known about one GPU product."""

from collections.abc import Mapping
from typing import Annotated, Literal

from blueprint.catalog.facts import AtLeast, CatalogueFile, Fact, Matching, Text
from blueprint.records import Record

Architecture = Literal["Pascal", "Volta", "Turing", "Ampere", "Ada Lovelace", "Hopper", "Blackwell"]
"""As NVML and the DRA driver name it."""

KernelModules = Literal["open", "proprietary"]
Arch = Literal["amd64", "arm64"]
"""A processor architecture, as the label `kubernetes.io/arch` spells it."""

ConfidentialMode = Literal["single-gpu", "multi-gpu", "protected-pcie"]
"""How GPUs take part in confidential computing: one per machine, several over encrypted NVLink, several over PCIe."""

CardId = Annotated[str, Matching(r"[0-9a-f]{4}", "four lower-case hexadecimal digits")]
PciId = Annotated[
    str, Matching("10de:[0-9a-f]{4}(:[0-9a-f]{4}:[0-9a-f]{4})?", "10de: and four lower-case hexadecimal digits")
]
"""Vendor and device, as `lspci -nn` prints them. NVML's `pciDeviceId` 0x233010DE is `10de:2330`.

Where several products have one device id, vendor and device of the subsystem follow: `10de:25b6:10de:157e` (A2) and
`10de:25b6:10de:14a9` (A16)."""

Positive = Annotated[int, AtLeast(1)]
Count = Annotated[int, AtLeast(0)]
DriverBranch = Annotated[str, Matching(r"\d{3}", "a driver branch")]
DriverVersion = Annotated[str, Matching(r"\d{3}(\.\d+){0,2}", "a driver branch or version")]
"""A branch (`525`) or an exact version (`570.133.20`)."""


class Ecc(Record, kw_only=True):
    """Error correction: whether the memory has it, and whether it is on as delivered."""

    supported: Fact[bool]
    default: Fact[bool] | None = None


class MigProfile(Record, kw_only=True):
    """A slice that the GPU can be partitioned into, and how many of it fit when there is nothing else."""

    name: Annotated[str, Matching(r"\dg\.\d+gb([+-]\w+(\.\w+)?)?", "a MIG profile")]
    max: Positive


class MigPlacement(Record, kw_only=True):
    """How many of the GPU's memory slices an instance takes, and at which of them it may start."""

    slices: Positive
    starts: tuple[Annotated[int, AtLeast(0)], ...]


class MigInstance(Record, kw_only=True):
    """What an instance of a profile has of the GPU; None: unknown.

    Attributes:
        id: The number of the profile, as `nvidia-smi mig -lgip` lists it.
        memory_mib: Memory in MiB, which is less than its name says.
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
    """Multi-Instance GPU: the profiles by name, how they may be packed, and what an instance of each has."""

    supported: Fact[bool]
    profiles: Fact[tuple[MigProfile, ...]] | None = None
    placements: Fact[Mapping[str, MigPlacement]] | None = None
    instances: Fact[Mapping[str, MigInstance]] | None = None


class NvLink(Record, kw_only=True):
    """The links to other GPUs. `links` is 0 where there are none; cards with a bridge leave it out.

    Attributes:
        generation: Of the link.
        links: Per GPU.
        bandwidth_gb_per_s: Per GPU, all links in both directions.
        domain_gpus: The largest number of GPUs that one NVLink domain joins.
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
    """The power limits that can be set, in watts; the default is `tdp_w`."""

    minimum_w: Fact[Positive]
    maximum_w: Fact[Positive]


class Thermal(Record, kw_only=True):
    """Temperatures in degrees Celsius at which the GPU slows down and shuts down, and up to which it may be run."""

    slowdown_c: Fact[Positive]
    shutdown_c: Fact[Positive]
    maximum_c: Fact[Positive]
    memory_maximum_c: Fact[Positive]


class Gpu(CatalogueFile, kw_only=True):
    """One product of the hardware catalogue. An unknown fact is None, and claims that need it are unknown.

    Attributes:
        product: The name that blueprints use: model, then form factor and size where a model has several.
        nvml_names: What NVML calls it. Compare whole names: "NVIDIA H200" is part of "NVIDIA GH200 ...".
        pci_device_ids: The PCI ids under which it appears; `device_ids` are those that are its alone.
        gfd_product: The value of the node label `nvidia.com/gpu.product` without sharing or MIG suffixes.
        compute_capability: CUDA compute capability, `major.minor`.
        unified_memory: Whether it has the machine's memory alone: NVML then answers that memory is not supported.
        board_gpus: How many of them a board or tray has, where there is only one size; so many has each node.
        memory_mib: Total memory as NVML reports it, in MiB, with ECC as delivered; not the marketing figure.
        tdp_w: Default power limit in watts.
        kernel_modules: Which flavours of the kernel modules drive it.
        minimum_driver: The oldest driver branch or version that knows it.
        maximum_driver: The newest branch that still knows it; None while every new one does.
        host_arch: The processors it comes with, where the product decides them.
        nvlink: The links to other GPUs.
        nvlink_management: The PCI device id of ConnectX cards on its board that manage NVLink and look like a fabric's.
        fabric_manager: Whether nodes with it run NVIDIA's Fabric Manager themselves.
        pcie: The connection to the host.
        power: The power limits that can be set.
        thermal: The temperatures that matter.
        confidential_modes: How it takes part in confidential computing; None if unknown.
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
        """The device ids by which it is known, `2330`; none where another product has one of them: its name must do."""
        ids = self.pci_device_ids.value
        return () if any(len(each) > len("10de:2330") for each in ids) else tuple(each[5:] for each in ids)
