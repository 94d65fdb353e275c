"""A reading that can be shown to others: identifiers of boards and adapters are hashed, everything else stays."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from blueprint.patterns import lazy_pattern
from blueprint.probe.host import HostRecord
from blueprint.probe.parse import is_uuid
from blueprint.probe.reading import Call, CallOutcome, Reading

_IDENTIFYING = ("nvmlDeviceGetUUID", "nvmlDeviceGetSerial")
_HARDWARE_ADDRESS = lazy_pattern(
    r"[0-9a-f]{16}|[0-9a-f]{12}|(?:[0-9a-f]{2}:){5,}[0-9a-f]{2}|(?:[0-9a-f]{4}:){3,}[0-9a-f]{4}", re.IGNORECASE
)
_GROUPS = (8, 4, 4, 4, 12)


def redact(reading: Reading) -> Reading:
    """The reading with UUIDs and serial numbers replaced by hashes.

    A board gets the same hash in every reading, so that duplicates and changes are still visible. A UUID keeps its
    form. A serial number has few digits, so it is hashed together with the board's UUID: without the UUID it cannot be
    found by trying all numbers.

    No identifiers of network adapters are read, but udev can name RDMA devices after their GUID or hardware address
    (`ibx506b4b0300c1d2e4`): anything in the contents of files that looks like one is hashed. The node's name stays,
    because readings are matched by it.
    """
    host = reading.host and replace(reading.host, records=tuple(_unnamed(each) for each in reading.host.records))
    return replace(reading, host=host, calls=tuple(_redacted(call, reading) for call in reading.calls))


def _unnamed(record: HostRecord) -> HostRecord:
    values = {_hidden(name): _hidden(value) for name, value in record.values.items()}
    return replace(record, path=_hidden(record.path), values=values, detail=_hidden(record.detail))


def _hidden(text: str) -> str:
    return _HARDWARE_ADDRESS.sub(lambda found: _hash("address", found[0].lower())[: len(found[0])], text)


def _redacted(call: Call, reading: Reading) -> Call:
    if call.call not in _IDENTIFYING:
        return call
    if call.outcome is CallOutcome.UNDECODABLE:
        return replace(call, detail=_hash("bytes", call.detail)[:32])
    if not isinstance(call.value, str) or not call.value:
        return call
    if call.call == "nvmlDeviceGetUUID":
        return replace(call, value=_hidden_uuid(call.value))
    uuid = next((each.value for each in reading.calls_of("nvmlDeviceGetUUID", call.device) if each.answered), "")
    return replace(call, value=_hash("serial", f"{uuid}/{call.value}")[:13])


def _hidden_uuid(uuid: str) -> str:
    """A hash in the form of a UUID. A value in another form must not get that form, nor a placeholder UUID."""
    if not is_uuid(uuid):
        return f"no-uuid-{_hash('uuid', uuid)[:12]}"
    return _like_a_uuid(uuid) if uuid.strip("GPU-0") else uuid


def _like_a_uuid(uuid: str) -> str:
    digits, groups = _hash("uuid", uuid), []
    for length in _GROUPS:
        groups.append(digits[:length])
        digits = digits[length:]
    return "GPU-" + "-".join(groups)


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"gpublueprint.dev/redacted/{kind}/{text}".encode(errors="replace")).hexdigest()
