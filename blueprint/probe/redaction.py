"""A reading that can be shown to strangers: what identifies boards is hashed, everything else stays."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from blueprint.probe.reading import Call, Outcome, Reading

_IDENTIFYING = ("nvmlDeviceGetUUID", "nvmlDeviceGetSerial")
_GROUPS = (8, 4, 4, 4, 12)


def redact(reading: Reading) -> Reading:
    """The same reading with UUIDs and serial numbers replaced by hashes.

    The same board gets the same hash in every reading, so that duplicates and changes still show. A UUID keeps
    its form. A serial number has few digits, so it is hashed together with the board's UUID: trying all of
    them finds nothing without it.
    """
    return replace(reading, calls=tuple(_redacted(call, reading) for call in reading.calls))


def _redacted(call: Call, reading: Reading) -> Call:
    if call.call not in _IDENTIFYING:
        return call
    if call.outcome is Outcome.UNDECODABLE:
        return replace(call, detail=_hash("bytes", call.detail)[:32])
    if not isinstance(call.value, str) or not call.value:
        return call
    if call.call == "nvmlDeviceGetUUID":
        return replace(call, value=_like_a_uuid(call.value))
    uuid = next((each.value for each in reading.of("nvmlDeviceGetUUID", call.device) if each.answered), "")
    return replace(call, value=_hash("serial", f"{uuid}/{call.value}")[:13])


def _like_a_uuid(uuid: str) -> str:
    digits, groups = _hash("uuid", uuid), []
    for length in _GROUPS:
        groups.append(digits[:length])
        digits = digits[length:]
    return "GPU-" + "-".join(groups)


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"gpublueprint.dev/redacted/{kind}/{text}".encode(errors="replace")).hexdigest()
