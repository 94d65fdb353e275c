"""Named formats such as `format.dns1123Label()`, and the errors of a string that violates one."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from blueprint.cel.functions.network import SIGNATURES as _NETWORK
from blueprint.cel.functions.signatures import MAP, STRING, STRINGS, Signature, function, tagged, untagged

FAULTS = "kubernetes.formatFaults"
"""The function to which `.validate(text)` is rewritten, because the library cannot return an optional."""

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_LENGTH, _SUBDOMAIN_LENGTH = 63, 253
_is_url: Callable[[str], bool] = next(each.call for each in _NETWORK if each.name == "isURL")


def _form(pattern: str, longest: int, text: str) -> bool:
    return len(text) <= longest and re.fullmatch(pattern, text, re.ASCII) is not None


_label = partial(_form, _LABEL, _LABEL_LENGTH)
_subdomain = partial(_form, rf"{_LABEL}(\.{_LABEL})*", _SUBDOMAIN_LENGTH)
_label_1035 = partial(_form, "[a-z]([-a-z0-9]*[a-z0-9])?", _LABEL_LENGTH)


def _prefix(of: Callable[[str], bool], text: str) -> bool:
    return of(text[:-1] + "a" if text.endswith("-") else text)


def _qualified(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    return (not slash or _subdomain(prefix)) and _form(_QUALIFIED, _LABEL_LENGTH, name)


def _base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None


def _moment(text: str) -> bool:
    form = r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})"
    return re.fullmatch(form, text, re.ASCII) is not None and _date(text[:10])


_FORMATS: dict[str, Callable[[str], bool]] = {
    "dns1123Label": _label,
    "dns1123Subdomain": _subdomain,
    "dns1035Label": _label_1035,
    "qualifiedName": _qualified,
    "dns1123LabelPrefix": partial(_prefix, _label),
    "dns1123SubdomainPrefix": partial(_prefix, _subdomain),
    "dns1035LabelPrefix": partial(_prefix, _label_1035),
    "labelValue": lambda text: not text or _form(_QUALIFIED, _LABEL_LENGTH, text),
    "uri": _is_url,
    "uuid": partial(_form, "[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}", 36),
    "byte": _base64,
    "date": _date,
    "datetime": _moment,
}


def _faults(value: Any, text: str) -> list[str]:
    name = untagged("Format", value)
    return [] if _FORMATS[name](text) else [f"not of the form {name}"]


SIGNATURES: tuple[Signature, ...] = (
    function(FAULTS, (MAP, STRING), STRINGS, _faults),
    *(function(f"format.{name}", (), MAP, partial(tagged, "Format", name)) for name in _FORMATS),
)
