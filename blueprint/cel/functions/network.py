"""IP addresses, CIDR ranges and URLs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from blueprint.cel.functions.signatures import (
    BOOL,
    INT,
    MAP,
    NETWORK,
    STRING,
    Signature,
    function,
    kind_of,
    method,
    tagged,
    untagged,
)
from blueprint.patterns import lazy_pattern

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Range = ipaddress.IPv4Interface | ipaddress.IPv6Interface

_SCHEME = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_URL = lazy_pattern(r"[\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")
_HOST = lazy_pattern(r"(?:[^@]*@)?(\[[0-9A-Fa-f:.]+(%25[^\]]+)?\]|[^\[\]:<>\"\\^`{|}#\s]*)(?::\d*)?")


def _address(text: str) -> Address:
    found = ipaddress.ip_address(text)
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found.scope_id):
        raise ValueError("IPv4-mapped IPv6 addresses and zones are not allowed")
    return found


def _range(text: str) -> Range:
    if not re.fullmatch(r"[0-9A-Fa-f:.]+/(0|[1-9]\d*)", text):
        raise ValueError(f"{text} is not a range of addresses")
    found = ipaddress.ip_interface(text)
    _address(str(found.ip))
    return found


def _ip(text: str) -> Any:
    return tagged("IP", str(_address(text)))


def _cidr(text: str) -> Any:
    return tagged("CIDR", str(_range(text)))


def _is(make: Callable[[str], Any]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        """Whether the text can be parsed, that is, without a ValueError."""
        try:
            make(text)
        except ValueError:
            return False
        return True

    return holds


def _of_ip(look: Callable[[Address], Any]) -> Callable[[Any], Any]:
    return lambda value: look(_address(untagged("IP", value)))


def _is_global_unicast(address: Address) -> bool:
    """Whether an address is global unicast, as in Go: private addresses are."""
    broadcast = address == ipaddress.ip_address("255.255.255.255")
    plain = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not (plain or broadcast)


def _is_link_local_multicast(address: Address) -> bool:
    narrow = ipaddress.ip_network("224.0.0.0/24" if address.version == 4 else "ff02::/16")  # noqa: PLR2004
    if address.version == 6 and address.is_multicast:  # noqa: PLR2004 - any flags, scope 2
        return int(address) >> 112 & 0xF == 2  # noqa: PLR2004
    return address in narrow


def _contains_ip(value: Any, other: Any) -> bool:
    text = other if isinstance(other, str) else untagged("IP", other)
    return _address(text) in _range(untagged("CIDR", value)).network


def _contains_cidr(value: Any, other: Any) -> bool:
    inner = _range(other if isinstance(other, str) else untagged("CIDR", other))
    outer = _range(untagged("CIDR", value)).network
    return outer.version == inner.version and inner.network.subnet_of(outer)  # type: ignore[arg-type]


def _of_cidr(look: Callable[[Range], Any]) -> Callable[[Any], Any]:
    return lambda value: look(_range(untagged("CIDR", value)))


def _text(value: Any) -> str:
    kind = kind_of(value)
    if kind not in ("IP", "CIDR"):
        raise ValueError("no such overload")
    return untagged(kind, value)


def _url(text: str) -> Any:
    """A URL as accepted by Go's ParseRequestURI: absolute, or an absolute path."""
    if not (text.startswith("/") or _SCHEME.match(text)) or _NOT_IN_URL.search(text):
        raise ValueError(f"{text} is not a URL")
    parts = urlsplit(text)
    if parts.netloc and not _HOST.fullmatch(parts.netloc):
        raise ValueError(f"{text} is not a URL: the host is malformed")
    if parts.scheme and not parts.netloc and not parts.path.startswith("/") and not text.partition(":")[2]:
        raise ValueError(f"{text} is not a URL: nothing follows the scheme")
    return tagged("URL", text)


def _of_url(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: look(urlsplit(untagged("URL", value)))


def _host(parts: Any) -> str:
    return str(parts.netloc.rpartition("@")[2])


def _host_name(parts: Any) -> str:
    host = _host(parts)
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _port(parts: Any) -> str:
    return _host(parts).rpartition("]")[2].partition(":")[2]


def _escaped_path(parts: Any) -> str:
    return quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._") if "%" not in parts.path else str(parts.path)


SIGNATURES: tuple[Signature, ...] = (
    function("ip", (STRING,), NETWORK, _ip),
    function("isIP", (STRING,), BOOL, _is(_address)),
    function("ip.isCanonical", (STRING,), BOOL, lambda text: str(_address(text)) == text),
    function("cidr", (STRING,), NETWORK, _cidr),
    function("isCIDR", (STRING,), BOOL, _is(_range)),
    function("url", (STRING,), NETWORK, _url),
    function("isURL", (STRING,), BOOL, _is(_url)),
    function("string", (NETWORK,), STRING, _text),
    method("family", (NETWORK,), INT, _of_ip(lambda address: address.version)),
    method("isUnspecified", (NETWORK,), BOOL, _of_ip(lambda address: address.is_unspecified)),
    method("isLoopback", (NETWORK,), BOOL, _of_ip(lambda address: address.is_loopback)),
    method("isLinkLocalMulticast", (NETWORK,), BOOL, _of_ip(_is_link_local_multicast)),
    method("isLinkLocalUnicast", (NETWORK,), BOOL, _of_ip(lambda address: address.is_link_local)),
    method("isGlobalUnicast", (NETWORK,), BOOL, _of_ip(_is_global_unicast)),
    *(method("containsIP", (NETWORK, other), BOOL, _contains_ip) for other in (NETWORK, STRING)),
    *(method("containsCIDR", (NETWORK, other), BOOL, _contains_cidr) for other in (NETWORK, STRING)),
    method("ip", (NETWORK,), NETWORK, _of_cidr(lambda found: tagged("IP", str(found.ip)))),
    method("masked", (NETWORK,), NETWORK, _of_cidr(lambda found: tagged("CIDR", str(found.network)))),
    method("prefixLength", (NETWORK,), INT, _of_cidr(lambda found: found.network.prefixlen)),
    method("getScheme", (NETWORK,), STRING, _of_url(lambda parts: parts.scheme)),
    method("getHost", (NETWORK,), STRING, _of_url(_host)),
    method("getHostname", (NETWORK,), STRING, _of_url(_host_name)),
    method("getPort", (NETWORK,), STRING, _of_url(_port)),
    method("getEscapedPath", (NETWORK,), STRING, _of_url(_escaped_path)),
    method("getQuery", (NETWORK,), MAP, _of_url(lambda parts: parse_qs(parts.query, keep_blank_values=True))),
)
