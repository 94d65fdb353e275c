"""Checks of modules, kernel, system and network cards, on synthetic file systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.probe.collect import scan_host
from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.host import Access
from blueprint.probe.reading import Reading
from blueprint.probe.reading_file import read_reading
from blueprint.probe.verdicts import Result, Verdict
from blueprint.records import replace
from tests.support.nvml_stub.root import Card, Host, build, efa, infiniband, with_modules
from tests.support.probe_examples import READINGS, expect, healthy, with_calls

IB = {"fabric": "infiniband", "cards": 8, "vendor": "15b3"}
ROCE = {"fabric": "roce", "cards": 8, "vendor": "15b3"}
EFA = {"fabric": "efa", "cards": 4}
PROPRIETARY = "NVIDIA UNIX x86_64 Kernel Module  580.173.02  Tue Oct 14 19:00:00 UTC 2026"
WANTS: dict[str, Any] = {
    "nouveau": True, "kernel-modules": "open", "operating-system": "ubuntu-24.04", "kernel": "5.12",
    "nvidia-peermem": True, "gdrdrv": True, "nvidia-fs": True, "network-cards": IB, "network-ports": IB,
}  # fmt: skip
ALL = with_modules("nvidia_peermem", "nvidia_fs")
RESTS_ON = {"network-cards": "/sys/class/infiniband", "network-ports": "/sys/class/infiniband/mlx5_0/ports/1",
            "kernel-modules": "/proc/driver/nvidia/version", "kernel": "/proc/sys/kernel/osrelease",
            "operating-system": "/etc/os-release"}  # fmt: skip
Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def taken(host: Host, name: str = "root") -> Reading:
        return replace(healthy(), host=scan_host(build(tmp_path / name, host)))

    return taken


def of(reading: Reading, check: str, want: Any = None) -> list[Verdict]:
    wanted = WANTS[check] if want is None else want
    return [each for each in judge(reading, [expect(check, wanted)]) if each.check == check]


def failed(verdicts: list[Verdict]) -> list[tuple[str, str]]:
    return [(each.code.id, each.message) for each in verdicts if each.result is Result.FAIL and each.code]


def results(verdicts: list[Verdict]) -> set[Result]:
    return {each.result for each in verdicts}


def roce(count: int = 8, **changes: Any) -> tuple[Card, ...]:
    return tuple(replace(card, link="Ethernet", **changes) for card in infiniband(count))


@pytest.mark.parametrize("check", WANTS)
def test_a_node_as_declared_passes_with_files_as_evidence(read: Read, check: str) -> None:
    verdicts = of(read(Host(modules=ALL)), check)
    assert results(verdicts) == {Result.PASS}
    assert all(each.files for each in verdicts)


@pytest.mark.parametrize("check", WANTS)
def test_a_reading_of_version_1_leaves_it_unknown(check: str) -> None:
    verdicts = of(read_reading(READINGS / "h100x8-version-1.json"), check)
    assert results(verdicts) == {Result.UNKNOWN}
    assert "version 1" in verdicts[0].message


@pytest.mark.parametrize("check", WANTS)
def test_a_node_whose_files_are_not_mounted_is_unknown_and_says_which_mount(check: str, tmp_path: Path) -> None:
    reading = replace(healthy(), host=scan_host(tmp_path / "none"))
    [verdict] = of(reading, check)
    assert verdict.result is Result.UNKNOWN
    top = RESTS_ON.get(check, "/proc/modules")[1:].partition("/")[0]
    assert (
        f"mount the node's /{top} there" if top != "etc" else "specify the node's file system with --root"
    ) in verdict.message
    assert exit_code_of([verdict]) == 3


@pytest.mark.parametrize("check", WANTS)
@pytest.mark.parametrize("access", [Access.ABSENT, Access.REFUSED, Access.FAILED, Access.UNBELIEVABLE])
def test_a_check_never_passes_on_a_path_that_was_not_read(read: Read, check: str, access: Access) -> None:
    reading = read(Host(modules=ALL))
    path = RESTS_ON.get(check, "/proc/modules")
    assert reading.host
    answers = tuple(replace(a, access=access, values={}) if a.path == path else a for a in reading.host.records)
    if check == "operating-system":
        answers = tuple(a for a in answers if a.path != "/usr/lib/os-release")
    verdicts = of(replace(reading, host=replace(reading.host, records=answers)), check)
    spoilt = verdicts if check != "network-ports" else verdicts[:1]
    if check == "network-cards" and access is Access.ABSENT:  # no RDMA class although /sys exists: that is proof
        assert results(spoilt) == {Result.FAIL}
    else:
        assert results(spoilt) == {Result.UNKNOWN}


@pytest.mark.parametrize(
    ("host", "check", "code", "said"),
    [
        (Host(modules=with_modules("nouveau")), "nouveau", "BP9111", "nouveau is loaded"),
        (Host(driver=PROPRIETARY), "kernel-modules", "BP9110", "proprietary kernel modules loaded, not open"),
        (Host(system="ID=ubuntu\nVERSION_ID=22.04\n"), "operating-system", "BP9121", "ubuntu-22.04, not ubuntu-24.04"),
        (Host(system="ID=debian\nVERSION_ID=12\n"), "operating-system", "BP9121", "runs debian-12"),
        (Host(kernel="5.4.0-150-generic"), "kernel", "BP9120", "Linux 5.4.0-150-generic, older than 5.12"),
        (Host(), "nvidia-peermem", "BP9112", "nvidia_peermem is not loaded"),
        (Host(modules=with_modules(without=["gdrdrv"])), "gdrdrv", "BP9112", "gdrdrv is not loaded"),
        (Host(), "nvidia-fs", "BP9112", "nvidia_fs is not loaded"),
        (Host(cards=infiniband(7)), "network-cards", "BP9300", "7 network cards of the fabric, not 8"),
        (Host(cards=()), "network-cards", "BP9300", "0 network cards of the fabric, not 8"),
        (Host(cards=(*infiniband(7), replace(infiniband()[7], link="Ethernet"))), "network-cards", "BP9300", "7 net"),
        (Host(cards=(*infiniband(7), replace(infiniband()[7], rdma=False))), "network-cards", "BP9300",
         "1 more without an RDMA device"),
        (Host(cards=(*infiniband(), replace(infiniband()[0], device="mlx5_8", address="0000:e1:00.0"))),
         "network-cards", "BP9300", "9 network cards of the fabric, not 8"),
        (Host(cards=(*infiniband(7), replace(infiniband()[7], state="2: INIT"))), "network-ports", "BP9301",
         "mlx5_7 port 1 at 0000:dd:00 on h100x8-0 is 2: INIT, 5: LinkUp"),
        (Host(cards=(*infiniband(7), replace(infiniband()[7], state="1: DOWN", physical="3: Disabled"))),
         "network-ports", "BP9301", "1: DOWN, 3: Disabled"),
    ],
)  # fmt: skip
def test_one_wrong_value_of_the_node_is_found(read: Read, host: Host, check: str, code: str, said: str) -> None:
    reading = read(host)
    verdicts = of(reading, check)
    [(found, message)] = failed(verdicts)
    assert found == code
    assert said in message
    [told] = [each for each in diagnostics_of(verdicts, reading) if each.code.id == code]
    assert told.at
    assert told.help


def test_a_reading_of_before_that_may_be_of_openshift_is_unknown(read: Read) -> None:
    """It did not record the variant: since OpenShift 4.19 the same name is used for RHEL and for its nodes."""
    reading = read(Host(system='ID="rhel"\nVERSION_ID="9.6"\n'))
    assert reading.host
    old = tuple(each.only(["ID", "VERSION_ID"]) if "os-release" in each.path else each for each in reading.host.records)
    before = replace(reading, host=replace(reading.host, records=old))
    assert results(of(before, "operating-system", "rhcos")) == {Result.UNKNOWN}
    assert results(of(before, "operating-system", "rhel-9")) == {Result.PASS}


def managing(*addresses: str) -> tuple[Card, ...]:
    """Ports that manage the NVLink of an HGX B200 board, as the kernel shows them."""
    return tuple(Card(f"mlx5_{90 + index}", address) for index, address in enumerate(addresses))


ONE_SLOT = managing("0000:05:00.0", "0000:05:00.1", "0000:05:00.2", "0000:05:00.3")
FOUR_SLOTS = managing("0000:08:00.0", "0000:09:00.1", "0000:0a:00.2", "0000:0b:00.3")
CX8 = tuple(replace(card, pci_device="0x1023") for card in infiniband())


@pytest.mark.parametrize(
    ("cards", "declared", "result"),
    [
        ((*infiniband(), *ONE_SLOT), 8, Result.UNKNOWN),
        ((*infiniband(), *FOUR_SLOTS), 8, Result.UNKNOWN),
        ((*infiniband(7), *ONE_SLOT), 8, Result.UNKNOWN),
        ((*infiniband(7), *FOUR_SLOTS), 8, Result.UNKNOWN),
        (infiniband(), 8, Result.PASS),
        ((*CX8, *FOUR_SLOTS), 8, Result.PASS),
        ((*CX8, *ONE_SLOT), 8, Result.PASS),
        ((*CX8[:7], *FOUR_SLOTS), 8, Result.UNKNOWN),
        (infiniband(7), 8, Result.FAIL),
        (infiniband(3), 8, Result.FAIL),
        ((*CX8, replace(CX8[0], device="mlx5_80", address="0000:e1:00.0")), 8, Result.FAIL),
        ((*infiniband(), *FOUR_SLOTS), 0, Result.PASS),
        (FOUR_SLOTS, 0, Result.UNKNOWN),
        (ONE_SLOT, 0, Result.UNKNOWN),
    ],
)
def test_ports_that_may_manage_nvlink_decide_nothing(
    read: Read, cards: tuple[Card, ...], declared: int, result: Result
) -> None:
    """They look like cards of the fabric: if the number fits only with or only without them, the result is unknown."""
    want = {"fabric": "infiniband", "cards": declared, "vendor": "15b3", "management": "1021"}
    [verdict] = of(read(Host(cards=cards)), "network-cards", want)
    assert verdict.result is result, verdict.message
    if result is Result.UNKNOWN:
        assert "SW_MNG" in verdict.message
        assert "Do not count them" in verdict.message


@pytest.mark.parametrize(
    ("want", "system", "result"),
    [
        ("rhel-9", 'ID="rhel"\nVERSION_ID="9.4"\n', Result.PASS),
        ("rhel-9.4", 'ID="rhel"\nVERSION_ID="9.40"\n', Result.FAIL),
        ("cos", "ID=cos\nVERSION_ID=117\n", Result.PASS),
        ("rhcos", 'ID="rhcos"\nVERSION_ID="4.18"\n', Result.PASS),
        ("rhcos", 'ID="rhel"\nVERSION_ID="9.6"\nVARIANT_ID=coreos\nOPENSHIFT_VERSION="4.19"\n', Result.PASS),
        ("rhcos", 'ID="rhel"\nVERSION_ID="9.6"\nVARIANT_ID=coreos\n', Result.PASS),
        ("rhcos", 'ID="rhel"\nVERSION_ID="9.6"\nVARIANT_ID="server"\n', Result.FAIL),
        ("rhcos", 'ID="rhel"\nVERSION_ID="9.6"\n', Result.FAIL),
        ("rhcos", 'ID="fedora"\nVERSION_ID="42"\nVARIANT_ID=coreos\n', Result.FAIL),
        ("rhel-9", 'ID="rhel"\nVERSION_ID="9.6"\nVARIANT_ID=coreos\n', Result.FAIL),
        ("ubuntu-24.04", "ID=ubuntu\n", Result.FAIL),
        ("ubuntu-24.04", "VERSION_ID=24.04\n", Result.UNKNOWN),
        ("ubuntu-24.04", "ID=$(reboot)\n", Result.UNKNOWN),
    ],
)
def test_a_system_is_compared_by_its_parts(read: Read, want: str, system: str, result: Result) -> None:
    assert results(of(read(Host(system=system)), "operating-system", want)) == {result}


def test_a_containers_own_os_release_is_not_a_witness(read: Read) -> None:
    """Without --root in a pod, /etc/os-release is the image's: it must neither pass nor fail."""
    reading = read(Host())
    assert reading.host
    mounts = replace(reading.host.records[0], path="/proc/self/mountinfo", values={"/": "overlay"})
    inside = replace(reading.host, root="/", records=(*reading.host.records, mounts))
    [verdict] = of(replace(reading, host=inside), "operating-system")
    assert verdict.result is Result.UNKNOWN
    assert "--root" in verdict.message
    outside = replace(inside, records=(*reading.host.records, replace(mounts, values={"/": "ext4"})))
    assert results(of(replace(reading, host=outside), "operating-system")) == {Result.PASS}


@pytest.mark.parametrize("release", ["", "six", "6", "99999.1"])
def test_a_release_that_is_none_is_unknown(read: Read, release: str) -> None:
    assert results(of(read(Host(kernel=release)), "kernel")) == {Result.UNKNOWN}


class TestDriverWitnesses:
    def test_versions_agree_regardless_of_leading_zeros(self, read: Read) -> None:
        reading = with_calls(read(Host()), "nvmlSystemGetDriverVersion", value="580.173.2")
        assert results(self.of(reading)) == {Result.PASS}

    def test_another_module_than_nvml_says_is_a_finding(self, read: Read) -> None:
        [verdict] = self.of(read(Host(driver="NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build")))
        assert verdict.code
        assert verdict.code.id == "BP9101"
        assert "NVML reports driver 580.173.02" in verdict.message
        assert "570.86.15" in verdict.message

    def test_no_module_file_leaves_nothing_to_compare(self, read: Read) -> None:
        assert results(self.of(read(Host(driver="")))) == {Result.SKIP}

    def test_a_file_that_names_no_driver_is_unknown(self, read: Read) -> None:
        assert results(self.of(read(Host(driver="NVIDIA UNIX")))) == {Result.UNKNOWN}

    def of(self, reading: Reading) -> list[Verdict]:
        return [each for each in judge(reading, []) if each.check == "driver-witnesses"]


class TestCards:
    def test_functions_of_one_slot_are_one_card(self, read: Read) -> None:
        second = tuple(replace(c, device=f"{c.device}f1", address=c.address[:-1] + "1") for c in infiniband())
        [verdict] = of(read(Host(cards=(*infiniband(), *second))), "network-cards")
        assert verdict.result is Result.PASS
        assert verdict.measured == "8 network cards of the fabric with 16 ports"

    def test_virtual_functions_of_a_card_are_none(self, read: Read) -> None:
        virtual = replace(infiniband()[0], device="mlx5_9", address="0000:1b:00.1", virtual=True)
        assert results(of(read(Host(cards=(*infiniband(), virtual))), "network-cards")) == {Result.PASS}

    def test_cards_of_another_vendor_or_link_are_none(self, read: Read) -> None:
        other = replace(infiniband()[0], device="irdma0", address="0000:e1:00.0", vendor="0x8086", link="Ethernet")
        management = replace(infiniband()[0], device="mlx5_bond_0", address="0000:e2:00.0", link="Ethernet")
        assert results(of(read(Host(cards=(*infiniband(), other, management))), "network-cards")) == {Result.PASS}
        [verdict] = of(read(Host(cards=()), "none"), "network-cards", {"fabric": "infiniband"})
        assert verdict.result is Result.FAIL

    def test_any_number_will_do_where_none_is_declared(self, read: Read) -> None:
        assert results(of(read(Host(cards=infiniband(3))), "network-cards", {"fabric": "infiniband"})) == {Result.PASS}

    def test_efa_is_known_by_its_pci_ids(self, read: Read) -> None:
        reading = read(Host(cards=(*efa(), replace(infiniband()[0], vendor="0x1d0f", pci_device="0xec20", rdma=False))))
        assert results(of(reading, "network-cards", EFA)) == {Result.PASS}
        assert results(of(reading, "network-ports", EFA)) == {Result.PASS}
        assert failed(of(reading, "network-cards", EFA | {"cards": 5}))

    def test_cards_whose_devices_are_in_another_namespace_are_unknown(self, read: Read) -> None:
        """The class exists but is empty, and the cards have a driver: nothing proves a problem."""
        host = Host(cards=tuple(replace(card, rdma=False) for card in infiniband()))
        reading = read(host)
        assert reading.host
        listed = [replace(a, access=Access.READ, values={"entries": "0"}) if a.path == "/sys/class/infiniband" else a
                  for a in reading.host.records]  # fmt: skip
        empty = replace(reading, host=replace(reading.host, records=tuple(listed)))
        assert results(of(empty, "network-cards")) == {Result.UNKNOWN}
        assert results(of(reading, "network-cards")) == {Result.FAIL}, "no class at all: no RDMA driver is loaded"

    def test_with_roce_one_port_of_a_card_will_do(self, read: Read, tmp_path: Path) -> None:
        reading = read(Host(cards=roce(ports=2)))
        state = tmp_path / "root/sys/class/infiniband/mlx5_0/ports/2/state"
        state.write_text("1: DOWN\n", encoding="utf-8")
        reading = replace(reading, host=scan_host(tmp_path / "root"))
        assert results(of(reading, "network-ports", ROCE)) == {Result.PASS}
        (tmp_path / "root/sys/class/infiniband/mlx5_0/ports/1/state").write_text("1: DOWN\n", encoding="utf-8")
        reading = replace(reading, host=scan_host(tmp_path / "root"))
        assert len(failed(of(reading, "network-ports", ROCE))) == 2

    @pytest.mark.parametrize("path", ["/sys/class/infiniband/mlx5_3", "/sys/bus/pci/devices/0000:5f:00.0"])
    def test_a_device_or_card_that_was_not_read_leaves_the_number_unknown(self, read: Read, path: str) -> None:
        """Seven cards and an unknown one are not seven cards."""
        reading = read(Host())
        assert reading.host
        left = [replace(a, access=Access.REFUSED, values={}) if a.path == path else a for a in reading.host.records]
        spoilt = replace(reading, host=replace(reading.host, records=tuple(left)))
        assert results(of(spoilt, "network-cards")) == {Result.UNKNOWN}

    def test_a_device_whose_card_is_not_on_the_list_leaves_the_number_unknown(self, read: Read) -> None:
        reading = read(Host())
        assert reading.host
        kept = tuple(a for a in reading.host.records if a.path != "/sys/bus/pci/devices/0000:5f:00.0")
        spoilt = replace(reading, host=replace(reading.host, records=kept))
        assert results(of(spoilt, "network-cards")) == {Result.UNKNOWN}

    @pytest.mark.parametrize("file", ["link_layer", "state"])
    def test_a_port_that_does_not_tell_is_unknown(self, read: Read, tmp_path: Path, file: str) -> None:
        read(Host())
        (tmp_path / "root/sys/class/infiniband/mlx5_3/ports/1" / file).write_bytes(b"\xff")
        reading = replace(healthy(), host=scan_host(tmp_path / "root"))
        assert Result.UNKNOWN in results(of(reading, "network-ports"))
        assert failed(of(reading, "network-ports")) == []


@pytest.mark.parametrize(
    ("check", "want"),
    [
        ("kernel-modules", "auto"), ("kernel", 5.12), ("kernel", "5"), ("operating-system", ""), ("nouveau", False),
        ("network-cards", {}), ("network-cards", {"fabric": "tcpx"}), ("network-cards", {"fabric": "efa", "cards": -1}),
        ("network-ports", {"fabric": "roce", "vendor": "mellanox"}), ("network-ports", {"fabric": "roce", "nics": 8}),
    ],
)  # fmt: skip
def test_an_unusable_expectation_is_reported_as_such(check: str, want: Any) -> None:
    [verdict] = of(healthy(), check, want)
    assert verdict.result is Result.UNKNOWN
    assert "unusable" in verdict.message
