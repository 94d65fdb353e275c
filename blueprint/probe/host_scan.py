"""Look at the node's files: kernel modules, driver, kernel, system, network cards. Small reads, under one root.

Nothing is written or executed. Identifiers are not read at all: no GUID, no hardware address, no name of the host. Of
`/proc/modules` the addresses are left out, which would tell where the kernel lies in memory.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from blueprint.probe.host import Access, HostAnswer, HostScan

MODULES, DRIVER = "/proc/modules", "/proc/driver/nvidia/version"
KERNEL, MOUNTS = "/proc/sys/kernel/osrelease", "/proc/self/mountinfo"
SYSTEM = ("/etc/os-release", "/usr/lib/os-release")
RDMA, PCI = "/sys/class/infiniband", "/sys/bus/pci/devices"

_MAX_BYTES = 1 << 18
_MAX_ENTRIES = 4096
_MAX_DEVICES = 512
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_NETWORK_CLASS = "0x02"
_DEVICE_FILES = ("fw_ver", "board_id", "hca_type")
_PORT_FILES = ("link_layer", "state", "phys_state", "rate")
_PCI_FILES = ("vendor", "device", "class", "numa_node")


class _Unbelievable(Exception):  # noqa: N818 - what the path is, not a kind of error
    """A path whose content is not taken."""


def scan(root: Path = Path("/"), sysfs: Path | None = None) -> HostScan:
    """Everything worth knowing under `root`. Never raises for what is there: that is recorded.

    Args:
        root: Where the node's file system is; in a pod, where it is mounted.
        sysfs: Where the node's /sys is, if elsewhere.
    """
    look = _Look(root, sysfs)
    answers = [
        look.file(MODULES, _modules),
        look.file(DRIVER, _driver),
        look.file(KERNEL, lambda lines: {"release": lines[0]}),
        *(look.file(path, _system) for path in SYSTEM),
        *_rdma(look),
        *_cards(look),
    ]
    if root == Path("/"):
        answers.append(look.file(MOUNTS, _root_mount))
    return HostScan(str(root), tuple(answers))


def _rdma(look: _Look) -> Iterator[HostAnswer]:
    """The RDMA devices, what PCI says of each, and its ports."""
    found, names = look.folder(RDMA, _MAX_DEVICES)
    yield found
    for name in names:
        device = f"{RDMA}/{name}"
        yield look.attributes(device, _DEVICE_FILES, links=("device",))
        ports, numbers = look.folder(f"{device}/ports", _MAX_DEVICES)
        yield ports
        for number in numbers:
            yield look.attributes(f"{device}/ports/{number}", _PORT_FILES)


def _cards(look: _Look) -> Iterator[HostAnswer]:
    """The network cards on the PCI bus, whether or not a driver took them."""
    found, addresses = look.folder(PCI, _MAX_ENTRIES)
    yield found
    for address in addresses:
        card = look.attributes(f"{PCI}/{address}", _PCI_FILES, links=("driver", "physfn"))
        if card.values.get("class", "").startswith(_NETWORK_CLASS):
            yield card


def _modules(lines: Sequence[str]) -> dict[str, str]:
    """Module to state: `nvidia 62472192 60 nvidia_uvm, Live 0x0` is live."""
    fields = [line.split() for line in lines]
    if wrong := [line for line, words in zip(lines, fields, strict=True) if len(words) < 5]:  # noqa: PLR2004
        raise _Unbelievable(f"the line {wrong[0][:60]!r} is no kernel module")
    return {words[0]: words[4] for words in fields}


def _driver(lines: Sequence[str]) -> dict[str, str]:
    """The NVRM line, without who built the module where."""
    said = [line for line in lines if line.startswith("NVRM version:")]
    return {"NVRM version": said[0].partition(":")[2].partition("(")[0].strip()} if said else {}


def _system(lines: Sequence[str]) -> dict[str, str]:
    """Which system it is, in which version; images may say more that is nobody's business."""
    pairs = (line.partition("=") for line in lines)
    return {key: value.strip("\"'") for key, _, value in pairs if key in ("ID", "VERSION_ID")}


def _root_mount(lines: Sequence[str]) -> dict[str, str]:
    """The type of the file system at `/` of this process: an overlay is a container's."""
    mounts = (line.split() for line in lines)
    types = [words[words.index("-") + 1] for words in mounts if words[4:5] == ["/"] and "-" in words[:-1]]
    return {"/": types[-1]} if types else {}


class _Look:
    """Looks at paths under a root, and at nothing that a link leads to outside of it."""

    def __init__(self, root: Path, sysfs: Path | None) -> None:
        self._root = os.path.realpath(root)
        self._tops = {"sys": os.path.realpath(sysfs)} if sysfs else {}

    def file(self, path: str, parse: Callable[[Sequence[str]], Mapping[str, str]]) -> HostAnswer:
        """A file of lines, as `parse` understands them."""

        def read() -> Mapping[str, str]:
            lines = self._text(path).splitlines()
            return parse(lines) if lines else {}

        return _answer(path, read)

    def folder(self, path: str, most: int) -> tuple[HostAnswer, list[str]]:
        """A folder, and the names in it, sorted. More than `most` of them, or strange ones, are not believed."""
        names: list[str] = []

        def read() -> Mapping[str, str]:
            with os.scandir(self._real(path)) as entries:
                found = [entry.name for entry in itertools.islice(entries, most + 1)]
            if len(found) > most:
                raise _Unbelievable(f"more than {most} entries")
            if strange := [name for name in found if not _NAME.fullmatch(name)]:
                raise _Unbelievable(f"an entry called {strange[0][:60]!a}")
            names.extend(sorted(found))
            return {"entries": str(len(found))}

        return _answer(path, read), names

    def attributes(self, path: str, files: Sequence[str], links: Sequence[str] = ()) -> HostAnswer:
        """A folder's small files, and what its links lead to, by name; `detail` says why some could not be read."""
        looked = [_answer(name, partial(self._attribute, path, name)) for name in files]
        looked += [_answer(name, partial(self._link, path, name)) for name in links]
        values = {name: value for each in looked for name, value in each.values.items()}
        lost = [str(each) for each in looked if each.access not in (Access.READ, Access.ABSENT)]
        return HostAnswer(path, Access.READ, values, "; ".join(lost))

    def _text(self, path: str) -> str:
        """The text of a regular file. Nothing is waited for: a pipe or a device is not opened for its content."""
        file = os.open(self._real(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise _Unbelievable("no regular file")
            content = opened.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise _Unbelievable(f"larger than {_MAX_BYTES >> 10} KiB")
        try:
            text = content.decode("utf-8").replace("\t", " ")
        except UnicodeDecodeError:
            raise _Unbelievable("not text") from None
        if not text.replace("\n", "").isprintable():
            raise _Unbelievable("not printable text")
        return text

    def _attribute(self, folder: str, name: str) -> dict[str, str]:
        return {name: self._text(f"{folder}/{name}").strip().replace("\n", " ")}

    def _link(self, folder: str, name: str) -> dict[str, str]:
        """The name of what a link leads to."""
        target = Path(self._real(f"{folder}/{name}")).name
        if not _NAME.fullmatch(target):
            raise _Unbelievable(f"a link to {target[:60]!a}")
        return {name: target}

    def _real(self, path: str) -> str:
        """The path without links. Raises _Unbelievable where it lies outside of /proc, of /sys, or of the root."""
        top, _, rest = path.lstrip("/").partition("/")
        base = self._tops.get(top) or os.path.join(self._root, top)  # noqa: PTH118
        within = base if top in ("proc", "sys") else self._root
        real = os.path.realpath(os.path.join(base, rest), strict=True)  # noqa: PTH118
        if os.path.commonpath([real, within]) != within:
            raise _Unbelievable("a link that leads away")
        return real


def _answer(path: str, read: Callable[[], Mapping[str, str]]) -> HostAnswer:
    try:
        return HostAnswer(path, Access.READ, read())
    except (FileNotFoundError, NotADirectoryError):
        return HostAnswer(path, Access.ABSENT, {})
    except PermissionError as error:
        return HostAnswer(path, Access.REFUSED, {}, error.strerror or "")
    except _Unbelievable as error:
        return HostAnswer(path, Access.UNBELIEVABLE, {}, str(error))
    except (OSError, ValueError) as error:
        return HostAnswer(path, Access.FAILED, {}, getattr(error, "strerror", None) or type(error).__name__)
