"""Reading a node's files: what is recorded, and that a hostile tree does no harm."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from blueprint.probe.collect import scan_host
from blueprint.probe.command import document
from blueprint.probe.host import Access, HostRecord
from blueprint.probe.reading_file import reading_from_json
from blueprint.probe.redaction import redact
from blueprint.records import replace
from tests.support.nvml_stub.root import Card, Host, build, efa, infiniband, write
from tests.support.probe_examples import healthy

SECRETS = ("0xffffffffc0a00000", "builder@build.example", "a088:c203:0012:3456", "www.example")


def look(root: Path, path: str) -> HostRecord:
    answer = scan_host(root).record_of(path)
    assert answer
    return answer


OF_VIRTUAL_MACHINES = {"/proc/misc", "/sys/module/kvm_amd/parameters/sev_snp", "/sys/module/kvm_intel/parameters/tdx"}
"""Files that exist only on hosts of virtual machines."""


def test_a_healthy_node_is_read_whole(tmp_path: Path) -> None:
    found = scan_host(build(tmp_path / "root"))
    absent = {answer.path for answer in found.records if answer.access is not Access.READ}
    assert absent == OF_VIRTUAL_MACHINES
    assert len(found.records_in("/sys/class/infiniband")) == 8
    port = found.record_of("/sys/class/infiniband/mlx5_7/ports/1")
    assert port
    assert port.quoted == "link_layer=InfiniBand, state=4: ACTIVE, phys_state=5: LinkUp, rate=400 Gb/sec (4X NDR)"
    card = found.record_of("/sys/bus/pci/devices/0000:1a:00.0")
    assert card
    assert card.values["driver"] == "mlx5_core"


def test_identifiers_and_kernel_addresses_are_never_read(tmp_path: Path) -> None:
    text = json.dumps([each.to_json() for each in scan_host(build(tmp_path / "root")).records])
    tree = "".join(file.read_text() for file in (tmp_path / "root").rglob("*") if file.is_file())
    assert [secret for secret in SECRETS if secret not in tree] == [], "the tree has what is to be left out"
    assert [secret for secret in SECRETS if secret in text] == []


def test_the_current_machine_can_be_read() -> None:
    """On any machine that runs the tests: nothing is raised, and the kernel's release is that of the system."""
    found = scan_host()
    release = found.record_of("/proc/sys/kernel/osrelease")
    assert release
    assert release.values == {"release": os.uname().release}


def test_a_root_that_is_not_there_is_absent_everywhere(tmp_path: Path) -> None:
    assert {answer.access for answer in scan_host(tmp_path / "none").records} == {Access.ABSENT}


@pytest.mark.parametrize(
    ("content", "access"),
    [
        (b"nvidia 1 2 - Live 0x0\n" * 20_000, Access.UNBELIEVABLE),
        (b"\xff\xfe\x00\x01", Access.UNBELIEVABLE),
        (b"nvidia \x1b[2J - Live\n", Access.UNBELIEVABLE),
        (b"nvidia\n", Access.UNBELIEVABLE),
        (b"\n", Access.UNBELIEVABLE),
        (b"", Access.READ),
    ],
)
def test_a_file_that_cannot_be_the_kernels_is_not_believed(tmp_path: Path, content: bytes, access: Access) -> None:
    write(tmp_path / "proc/modules", "")
    (tmp_path / "proc/modules").write_bytes(content)
    answer = look(tmp_path, "/proc/modules")
    assert (answer.access, dict(answer.values)) == (access, {})


def test_a_link_out_of_proc_is_not_followed(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    secret.write_text("stolen 1 2 - Live 0x0\n", encoding="utf-8")
    (root / "proc").mkdir(parents=True)
    (root / "proc/modules").symlink_to(secret)
    assert look(root, "/proc/modules").access is Access.UNBELIEVABLE


def test_a_link_from_sys_to_another_place_under_the_root_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "etc/shadow/vendor", "0x15b3")
    write(tmp_path / "etc/shadow/class", "0x020700")
    (tmp_path / "sys/bus/pci/devices").mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0000:1a:00.0").symlink_to(tmp_path / "etc/shadow")
    assert look(tmp_path, "/sys/bus/pci/devices").values == {"entries": "1"}
    [function] = scan_host(tmp_path).records_in("/sys/bus/pci/devices")
    assert dict(function.values) == {}
    assert "a link that leads away" in function.detail


def test_proc_that_is_itself_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = build(tmp_path / "elsewhere")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/proc").symlink_to(elsewhere / "proc")
    assert look(tmp_path / "root", "/proc/modules").access is Access.UNBELIEVABLE


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/modules").symlink_to("modules")
    (tmp_path / "sys/class/infiniband").mkdir(parents=True)
    (tmp_path / "sys/class/infiniband/mlx5_0").symlink_to("mlx5_0")
    assert look(tmp_path, "/proc/modules").access is Access.FAILED
    assert "device is failed" in look(tmp_path, "/sys/class/infiniband/mlx5_0").detail


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    os.mkfifo(tmp_path / "proc/modules")
    assert look(tmp_path, "/proc/modules").access is Access.UNBELIEVABLE


def test_a_folder_in_place_of_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "proc/modules").mkdir(parents=True)
    assert look(tmp_path, "/proc/modules").access in {Access.FAILED, Access.UNBELIEVABLE}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to root")
def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (build(tmp_path) / "proc/modules").chmod(0)
    assert look(tmp_path, "/proc/modules").access is Access.REFUSED


@pytest.mark.parametrize("name", ["mlx5\n0", "\x1b[2J", "\udcff", "a" * 65])
def test_a_device_with_a_strange_name_spoils_its_folder(tmp_path: Path, name: str) -> None:
    build(tmp_path)
    (tmp_path / "sys/class/infiniband" / name).mkdir()
    answer = look(tmp_path, "/sys/class/infiniband")
    assert answer.access is Access.UNBELIEVABLE
    assert str(answer).isprintable()


def test_an_endless_folder_is_not_walked(tmp_path: Path) -> None:
    folder = tmp_path / "sys/class/infiniband"
    folder.mkdir(parents=True)
    for number in range(600):
        (folder / f"mlx5_{number}").mkdir()
    assert "more than 512 entries" in str(look(tmp_path, "/sys/class/infiniband"))
    assert scan_host(tmp_path).records_in("/sys/class/infiniband") == []


def test_a_reading_with_all_kinds_of_answers_survives_its_file(tmp_path: Path) -> None:
    root = build(tmp_path, Host(cards=(*infiniband(2), *efa(2), Card("rxe0", "0000:01:00.0", vendor="0x8086"))))
    (root / "sys/class/infiniband/mlx5_0/ports/1/rate").unlink()
    (root / "sys/class/infiniband/mlx5_1/ports/1/state").write_bytes(b"\xff")
    reading = replace(healthy(), host=scan_host(root))
    assert reading_from_json(json.loads(document(reading))) == reading


@pytest.mark.parametrize("name", ["ibx506b4b0300c1d2e4", "rocex506B4BC1D2E4"])
def test_redaction_hides_hardware_addresses_in_names(tmp_path: Path, name: str) -> None:
    """udev can name RDMA devices after GUID or hardware address; PCI addresses and everything else stay."""
    reading = replace(healthy(), host=scan_host(build(tmp_path, Host(cards=(replace(infiniband(1)[0], device=name),)))))
    clear, hidden = document(reading), document(redact(reading))
    assert name in clear
    assert name[5:] not in hidden
    assert "0000:1a:00.0" in hidden
    assert "MT_0000000838" in hidden
    assert document(redact(reading)) == hidden
    assert len(hidden) == len(clear)
