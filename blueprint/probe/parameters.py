"""What checks accept as `want`: small parsers from JSON, each raising ValueError with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_VERSION = re.compile(r"[1-9]\d{2,3}(\.\d{1,4}){1,2}", re.ASCII)
_BRANCH = re.compile(r"[1-9]\d{2,3}", re.ASCII)
_KERNEL = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)
_SYSTEM = re.compile(r"([a-z]+)(?:-(\d+(?:\.\d+)?))?", re.ASCII)
_PCI_ID = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Product:
    """A GPU product, the complete names NVML may call it by, and its PCI device ids (upper case).

    `subsystems`: where products share a device id, which of them each `25B6:10DE:157E` is.
    """

    product: str
    names: tuple[str, ...]
    device_ids: tuple[str, ...]
    subsystems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in MiB as NVML totals it, and how much it may differ either way."""

    mib: int
    tolerance_mib: int


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver branch (`580`), a version (`580.173.02`), or both; "" where not demanded."""

    branch: str
    version: str


FABRICS = ("infiniband", "roce", "efa")
"""Fabrics whose cards can be told from others: by their link layer, or EFA by its PCI ids."""


@dataclass(frozen=True, slots=True)
class Network:
    """A fabric, how many cards a node has on it (0: at least one), and their PCI vendor ("": any).

    `management` is the PCI device id of cards that manage NVLink and look like ones of the fabric ("": none).
    """

    fabric: str
    cards: int
    vendor: str
    management: str = ""

    def __str__(self) -> str:
        return f"{self.cards or 'at least 1'} {self.fabric} card{'' if self.cards in (0, 1) else 's'}"


@dataclass(frozen=True, slots=True)
class Layout:
    """How many GPUs are cut into which instances, and how many are whole."""

    cut: tuple[tuple[int, dict[str, int]], ...]
    whole: int


def mig_mode(want: Any) -> bool | dict[bool, int]:
    """`true`, `false`, or how many GPUs have it on and off: `{"on": 4, "off": 4}`."""
    if isinstance(want, bool):
        return want
    fields = _object(want, {"on", "off"})
    return {True: number(fields.get("on")), False: number(fields.get("off"))}


def layout(want: Any) -> Layout:
    """`{"cut": [{"gpus": 4, "instances": {"1g.10gb": 7}}], "whole": 4}`."""
    fields = _object(want, {"cut", "whole"})
    entries = fields.get("cut")
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"cut must be a list of cuts, not {entries!r}")
    return Layout(tuple(_cut(entry) for entry in entries), number(fields.get("whole", 0)))


def _cut(entry: Any) -> tuple[int, dict[str, int]]:
    fields = _object(entry, {"gpus", "instances"})
    instances = fields.get("instances")
    if not isinstance(instances, dict) or not instances:
        raise ValueError(f"instances must be numbers by profile, not {instances!r}")
    return number(fields.get("gpus")), {str(name): number(count) for name, count in instances.items()}


def truth(want: Any) -> bool:
    """`true` or `false`."""
    if not isinstance(want, bool):
        raise ValueError(f"true or false is needed, not {want!r}")  # noqa: TRY004 - one error type
    return want


def only_true(want: Any) -> bool:
    """`true`: the opposite cannot be expected."""
    if want is not True:
        raise ValueError(f"true is needed, not {want!r}")
    return True


def unique(want: Any) -> str:
    """The word `unique`."""
    if want != "unique":
        raise ValueError(f'"unique" is needed, not {want!r}')
    return "unique"


def number(want: Any) -> int:
    """A whole number, zero or more."""
    if isinstance(want, bool) or not isinstance(want, int) or want < 0:
        raise ValueError(f"a whole number, zero or more, is needed, not {want!r}")
    return want


def product(want: Any) -> Product:
    """`{"product": text, "nvmlNames": [text], "pciDeviceIds": ["2330"]}`; one of the lists may be empty. Products that
    share a device id: `"pciSubsystems": {"25B6:10DE:157E": "A2"}`."""
    fields = _object(want, {"product", "nvmlNames", "pciDeviceIds", "pciSubsystems"})
    names, ids = _texts(fields, "nvmlNames"), _texts(fields, "pciDeviceIds")
    if not names and not ids:
        raise ValueError("neither a name nor a PCI device id is given")
    if wrong := [each for each in ids if not _PCI_ID.fullmatch(each)]:
        raise ValueError(f"{wrong[0]!r} is no PCI device id (four hexadecimal digits)")
    subsystems = settings(fields["pciSubsystems"]) if "pciSubsystems" in fields else {}
    return Product(str(fields.get("product", "")), names, tuple(each.upper() for each in ids), subsystems)


def memory(want: Any) -> Memory:
    """`{"mib": 81559, "toleranceMib": 1024}`."""
    fields = _object(want, {"mib", "toleranceMib"})
    found = Memory(number(fields.get("mib")), number(fields.get("toleranceMib", 0)))
    if not 0 <= found.tolerance_mib < found.mib:
        raise ValueError(f"a tolerance of {found.tolerance_mib} MiB makes {found.mib} MiB say nothing")
    return found


def driver(want: Any) -> Driver:
    """`{"branch": "580"}`, `{"version": "580.173.02"}`, or both."""
    fields = _object(want, {"branch", "version"})
    found = Driver(_text(fields, "branch"), _text(fields, "version"))
    if not found.branch and not found.version:
        raise ValueError("neither a branch nor a version is given")
    if found.branch and not _BRANCH.fullmatch(found.branch):
        raise ValueError(f"{found.branch!r} is no driver branch (580)")
    if found.version and not _VERSION.fullmatch(found.version):
        raise ValueError(f"{found.version!r} is no driver version (580.173.02)")
    return found


def flavour(want: Any) -> str:
    """`open` or `proprietary`."""
    if want not in ("open", "proprietary"):
        raise ValueError(f"open or proprietary is needed, not {want!r}")
    return str(want)


def kernel(want: Any) -> tuple[int, int]:
    """The oldest kernel that will do: `"5.12"`."""
    if not isinstance(want, str) or not (match := _KERNEL.fullmatch(want)):
        raise ValueError(f"a version of the kernel (5.12) is needed, not {want!r}")
    return int(match[1]), int(match[2])


def system(want: Any) -> tuple[str, str]:
    """`"ubuntu-24.04"`, or `"cos"` in whatever version."""
    if not isinstance(want, str) or not (match := _SYSTEM.fullmatch(want)):
        raise ValueError(f"a system and its version (ubuntu-24.04) are needed, not {want!r}")
    return match[1], match[2] or ""


def network(want: Any) -> Network:
    """`{"fabric": "infiniband", "cards": 8, "vendor": "15b3", "management": "1021"}`; without `cards` at least one."""
    fields = _object(want, {"fabric", "cards", "vendor", "management"})
    ids = (_text(fields, name).lower() for name in ("vendor", "management"))
    found = Network(_text(fields, "fabric"), number(fields.get("cards", 0)), *ids)
    if found.fabric not in FABRICS:
        raise ValueError(f"{found.fabric!r} is not one of {', '.join(FABRICS)}")
    if found.vendor and not _PCI_ID.fullmatch(found.vendor):
        raise ValueError(f"{found.vendor!r} is no PCI vendor id (four hexadecimal digits)")
    if found.management and not _PCI_ID.fullmatch(found.management):
        raise ValueError(f"{found.management!r} is no PCI device id (four hexadecimal digits)")
    return found


def settings(want: Any) -> dict[str, str]:
    """`{"topologyManagerPolicy": "restricted"}`: names and texts, at least one."""
    if not isinstance(want, dict) or not want or not all(isinstance(each, str) for each in (*want, *want.values())):
        raise ValueError(f"names with texts are needed, not {want!r}")
    return dict(want)


def domain(want: Any) -> tuple[int, str]:
    """`{"nodes": 18, "label": "nvidia.com/gpu.clique"}`."""
    fields = _object(want, {"nodes", "label"})
    return number(fields.get("nodes")), _text(fields, "label")


def _object(want: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(want, dict):
        raise ValueError(f"an object is needed, not {want!r}")  # noqa: TRY004
    if unknown := sorted(set(want) - keys):
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(sorted(keys))}")
    return want


def _text(fields: dict[str, Any], key: str) -> str:
    if not isinstance(value := fields.get(key) or "", str):
        raise ValueError(f"{key} must be text, not {value!r}")  # noqa: TRY004
    return value


def _texts(fields: dict[str, Any], key: str) -> tuple[str, ...]:
    value = fields.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"{key} must be a list of texts, not {value!r}")
    return tuple(value)
