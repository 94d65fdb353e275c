"""Reads the expiry time of credentials, if they contain one. An expired credential is the most likely reason for a
401.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from blueprint.apiserver.kubeconfig import Endpoint

_SEQUENCE, _INTEGER, _UTC_TIME, _GENERAL_TIME = 0x30, 0x02, 0x17, 0x18


def describe_credentials(endpoint: Endpoint) -> str:
    """A description such as `the token (expired 2026-11-20 09:00 UTC)`; never the credential itself."""
    if endpoint.authorization and endpoint.authorization.startswith("Bearer "):
        return "the token" + _when(token_expiry(endpoint.authorization.removeprefix("Bearer ")))
    if endpoint.authorization:
        return "the user name and password"
    if endpoint.certificate:
        return "the client certificate" + _when(certificate_expiry(endpoint.certificate))
    return "requests without credentials, as the kubeconfig configures for the user"


def _when(expiry: datetime | None) -> str:
    if expiry is None:
        return ""
    verb = "expired" if expiry <= datetime.now(UTC) else "valid until"
    return f" ({verb} {expiry:%Y-%m-%d %H:%M} UTC)"


def token_expiry(token: str) -> datetime | None:
    """The `exp` claim of a JSON web token; None if the token is opaque."""
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def certificate_expiry(pem: bytes) -> datetime | None:
    """The end of validity of the first certificate in `pem`; None if it cannot be read.

    Certificate ::= SEQUENCE { tbs SEQUENCE { [0] version, serial, algorithm, issuer, validity SEQUENCE
    { notBefore, notAfter }, ... } } (RFC 5280, section 4.1).
    """
    body = pem.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END")[0]
    try:
        _, certificate = next(_elements(base64.b64decode(body)))
        _, signed = next(_elements(certificate))
        validity = [value for tag, value in _elements(signed) if tag == _SEQUENCE][2]
        return [_time(tag, value) for tag, value in _elements(validity)][1]
    except (StopIteration, IndexError, ValueError, binascii.Error):
        return None


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs of a DER sequence's content."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, value: bytes) -> datetime:
    form = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERAL_TIME: "%Y%m%d%H%M%SZ"}[tag]
    return datetime.strptime(value.decode("ascii"), form).replace(tzinfo=UTC)
