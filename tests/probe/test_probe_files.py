"""Readings, expectations and PCI trees as files: which are accepted, and the messages for the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.expectations_file import expectations_file
from blueprint.diagnostics import Refused
from blueprint.probe import pci
from blueprint.probe.collect import scan_host
from blueprint.probe.command import document
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.expectations import SCHEMA as EXPECTATIONS
from blueprint.probe.expectations import ExpectationSource
from blueprint.probe.reading import SCHEMA, Origin, PciScan
from blueprint.probe.reading_file import MAX_BYTES, read_expectations, read_reading
from blueprint.probe.redaction import redact
from tests.support.probe_examples import READINGS, expect, expectations, healthy
from tests.support.record_readings import add_function


def written(path: Path, content: Any) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def changed(**fields: Any) -> dict[str, Any]:
    return healthy().to_json() | fields


def call(**fields: Any) -> dict[str, Any]:
    base = {"call": "nvmlInit", "child": 1, "outcome": "returned", "ms": 1.0, "return": 0, "returnName": "NVML_SUCCESS"}
    return changed(calls=[{key: value for key, value in (base | fields).items() if value != "absent"}])


@pytest.mark.parametrize("file", sorted(READINGS.glob("*.json")), ids=lambda file: file.stem)
def test_every_stored_reading_states_its_origin(file: Path) -> None:
    reading = read_reading(file)
    assert reading.origin in {Origin.RECORDED, Origin.SYNTHETIC}
    assert document(reading) == file.read_text(encoding="utf-8")
    assert exit_code_of(judge(reading, [])) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"node": "a", "node": "b"}', "a key appears twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"9" * 5000, "not JSON"),
        (b'{"node": "\\ud800"}', "not JSON"),
        (b" " * (9 << 20), "larger than 8 MiB"),
        ([], "must be an object, not a list"),
        (None, "must be an object, not null"),
        ({}, "needs 'schemaVersion'"),
        (changed(schemaVersion="v1"), "schemaVersion is 'v1'"),
        (changed(schemaVersion=1), "schemaVersion must be printable text, not a number"),
        (changed(nodes="a"), "unknown key 'nodes': node?"),
        (changed(node=""), "not a node name"),
        (changed(node="a\x1b[2J"), "node must be printable text"),
        (changed(node="../../etc"), "not a node name"),
        (changed(time="yesterday"), "not UTC in RFC 3339"),
        (changed(time="2026-11-21T10:00:00+01:00"), "not UTC in RFC 3339"),
        (changed(origin="real"), "origin is 'real', not one of recorded, synthetic"),
        (changed(pci=None), "pci must be an object"),
        (changed(calls={}), "calls must be a list"),
        (changed(calls=[None]), "calls[0] must be an object, not null"),
        (call(device=-1), "device is -1, below 0"),
        (call(device=True), "device must be a whole number, not a truth value"),
        (call(child=1.5), "child must be a whole number"),
        (call(ms=-1), "not a duration"),
        (call(ms=1e300), "not a duration"),
        (call(outcome="fine"), "outcome is 'fine'"),
        (call(outcome="hung"), "'return' though NVML did not return"),
        (call(returnName="NVML_ERROR_GPU_IS_LOST"), "but 0 is NVML_SUCCESS"),
        (call(**{"return": 3, "returnName": "NVML_ERROR_NOT_SUPPORTED", "value": 1}), "a value without NVML_SUCCESS"),
        (call(**{"return": "absent"}), "needs 'return'"),
        (call(value=[1, "a"]), "not an answer that NVML can give"),
        (call(value={"a": [1]}), "not an answer that NVML can give"),
        (call(value=True), "not an answer that NVML can give"),
        (call(note="x"), "unknown key 'note'"),
    ],
)
def test_a_file_that_is_not_a_reading_is_refused_with_exit_1(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_reading(written(tmp_path / "reading.json", content))
    [diagnostic] = refused.value.diagnostics
    assert (diagnostic.code.id, refused.value.exit_code) == ("BP9951", 1)
    assert said in diagnostic.message


def test_a_reading_of_another_version_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_reading(written(tmp_path / "r.json", changed(schemaVersion="gpublueprint.dev/reading/v3", more=1)))
    assert refused.value.diagnostics[0].code.id == "BP9952"
    assert SCHEMA in refused.value.diagnostics[0].message


@pytest.mark.parametrize("read", [read_reading, read_expectations])
def test_a_file_that_cannot_be_opened_is_refused_with_exit_2(tmp_path: Path, read: Any) -> None:
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(Refused) as refused:
            read(path)
        assert (refused.value.diagnostics[0].code.id, refused.value.exit_code) == ("BP9950", 2)


def test_expectations_survive_their_file(tmp_path: Path) -> None:
    path = written(tmp_path / "expectations.json", expectations_file(expectations()))
    assert list(read_expectations(path)) == expectations()


def test_expectations_may_be_larger_than_a_reading(tmp_path: Path) -> None:
    """Those of a thousand pools are."""
    large = [expect("gpu-product", "x" * MAX_BYTES)]
    assert list(read_expectations(written(tmp_path / "expectations.json", expectations_file(large)))) == large


PLACE = {"file": "a", "line": 1, "column": 1, "endLine": 1, "endColumn": 2, "path": "a", "layer": "b"}


def test_a_place_is_read_as_it_was_written() -> None:
    """The files below are rejected because of changes to this one."""
    assert ExpectationSource.from_json(PLACE).to_json() == PLACE


def _spoilt(**fields: Any) -> dict[str, Any]:
    file = json.loads(expectations_file(expectations()))
    return file | {"expectations": [file["expectations"][0] | fields]}


@pytest.mark.parametrize(
    "content",
    [
        b"{", [], {}, {"schemaVersion": f"{EXPECTATIONS}2", "expectations": []}, _spoilt(pool=1),
        _spoilt(check=None), _spoilt(sources={}), _spoilt(sources=[1]), _spoilt(sources=[{}]), _spoilt(pool="\x1b"),
        _spoilt(sources=[PLACE | {"line": 0}]), _spoilt(sources=[PLACE | {"endColumn": True}]),
        {"schemaVersion": EXPECTATIONS, "expectations": ["x"]},
        {"schemaVersion": EXPECTATIONS, "expectations": [{"pool": "a", "check": "b", "sources": []}]},
    ],
)  # fmt: skip
def test_a_file_without_expectations_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(Refused) as refused:
        read_expectations(written(tmp_path / "expectations.json", content))
    assert (refused.value.diagnostics[0].code.id, refused.value.exit_code) == ("BP9953", 1)


class TestRedact:
    def test_no_uuid_and_no_serial_is_left(self) -> None:
        reading = healthy()
        secrets = {str(c.value) for c in reading.calls if c.call in {"nvmlDeviceGetUUID", "nvmlDeviceGetSerial"}}
        text = document(redact(reading))
        assert len(secrets) == 16
        assert not [secret for secret in secrets if secret in text]

    def test_the_same_board_is_the_same_hash_and_the_verdicts_stay(self) -> None:
        assert redact(healthy()) == redact(healthy())
        assert exit_code_of(judge(redact(healthy()), expectations())) == 0
        uuids = {c.value for c in redact(healthy()).calls if c.call == "nvmlDeviceGetUUID"}
        assert len(uuids) == 8
        assert all(str(uuid).startswith("GPU-") and len(str(uuid)) == 40 for uuid in uuids)


def pci_of(sysfs: Path) -> PciScan:
    return pci.scan(scan_host(sysfs / "no-root", sysfs), str(sysfs))


class TestPciScan:
    def test_only_nvidia_display_functions_count(self, tmp_path: Path) -> None:
        devices = tmp_path / "bus" / "pci" / "devices"
        add_function(devices / "0000:18:00.0", vendor=0x10DE, kind=0x030200, device=0x2330, driver="nvidia")
        add_function(devices / "0000:2a:00.0", vendor=0x10DE, kind=0x030000, device=0x2330, driver="vfio-pci")
        add_function(devices / "0000:18:00.1", vendor=0x10DE, kind=0x040300, device=0x22BA)
        add_function(devices / "0000:05:00.0", vendor=0x10DE, kind=0x068000, device=0x22A3)
        add_function(devices / "0000:06:00.0", vendor=0x1002, kind=0x030200, device=0x740F)
        found = pci_of(tmp_path)
        assert found.readable
        assert [(f.address, f.device, f.driver) for f in found.functions] == [
            ("0000:18:00.0", "2330", "nvidia"), ("0000:2a:00.0", "2330", "vfio-pci"),
        ]  # fmt: skip

    def test_virtual_functions_of_a_gpu_are_not_gpus(self, tmp_path: Path) -> None:
        devices = tmp_path / "bus" / "pci" / "devices"
        add_function(devices / "0000:18:00.0", vendor=0x10DE, kind=0x030200, device=0x2236, driver="nvidia")
        for number in range(4, 8):
            virtual = devices / f"0000:18:00.{number}"
            add_function(virtual, vendor=0x10DE, kind=0x030200, device=0x2236, driver="nvidia")
            (virtual / "physfn").symlink_to("../0000:18:00.0")
        assert [each.address for each in pci_of(tmp_path).functions] == ["0000:18:00.0"]

    def test_a_tree_that_is_not_there_is_not_an_empty_one(self, tmp_path: Path) -> None:
        assert not pci_of(tmp_path).readable
