"""Formats of strings: names, labels, versions. Each pattern has a description for diagnostics."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from blueprint.name_patterns import DNS_LABEL, LABEL_NAME

FORMS: dict[str, str] = {}
"""The description of each pattern."""


def form(pattern: str, words: str) -> str:
    """The anchored pattern, registered with its description for diagnostics."""
    anchored = f"^{pattern}$"
    FORMS[anchored] = words
    return anchored


def matches_form(pattern: str, text: str) -> bool:
    """Whether the whole text matches a pattern."""
    return re.fullmatch(pattern, text) is not None


_PORT = r"(:[1-9][0-9]{0,4})?"
_HOST = rf"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*{_PORT}"

NAME = form(DNS_LABEL, "lower-case letters, digits and dashes, with a letter or digit first and last")
LABEL_KEY = form(
    rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{LABEL_NAME}",
    "an optional DNS name and a slash, then up to 63 letters, digits, dashes, dots and underscores",
)
LABEL_VALUE = form(
    rf"({LABEL_NAME})?", "up to 63 letters, digits, dashes, dots and underscores, a letter or digit first and last"
)
TAINT = form(
    rf"({LABEL_NAME})?:(NoSchedule|PreferNoSchedule|NoExecute)",
    '"value:Effect", where the value may be empty and the effect is NoSchedule, PreferNoSchedule or NoExecute',
)
KUBECTL_TAINT = form(
    rf"({LABEL_KEY[1:-1]})(=({LABEL_NAME})?)?:(NoSchedule|PreferNoSchedule|NoExecute)",
    "key=value:Effect as kubectl takes it, where the effect is NoSchedule, PreferNoSchedule or NoExecute",
)
HOST = form(rf"(\*|{_HOST})", 'a registry host, with or without port, or "*" for every other one')
REPOSITORY = form(
    rf"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*{_PORT}(/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)*",
    "a host and optional path in lower case, without scheme or tag: reg.acme.example/mirror",
)
VERSION = form(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?", "a semantic version: 1.4.0")
_PART = r"(0|[1-9][0-9]{0,2})"
KUBERNETES = form(rf"1\.{_PART}(\.{_PART})?", 'a version in quotes, "1.36" or "1.36.3"')
SYSTEM = form(r"[a-z]+(-[0-9]+(\.[0-9]+)?)?", "a system and its version: ubuntu-24.04")
UID = form(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID in lower case")
BRANCH = form(r"[0-9]{3}", 'three digits in quotes: "580"')
DRIVER_VERSION = form(r"[0-9]{3}\.[0-9]{1,3}(\.[0-9]{1,3})?", "an exact version: 580.173.02")
ABSOLUTE_PATH = form(
    r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", "an absolute path without a slash at its end: /var/lib/kubelet"
)
MEMORY = form(r"[1-9][0-9]*(\.[0-9]+)?(Mi|Gi|Ti|M|G|T)", "a number and its unit: 512Gi, 2Ti")
INSTANCE_TYPE = form(
    r"[A-Za-z][A-Za-z0-9]*([-._][A-Za-z0-9]+)+", "a name as the cloud writes it: p5.48xlarge, Standard_ND96isr_H100_v5"
)
NON_EMPTY = form(r"(.|\n)*\S(.|\n)*", "text that is not blank")
KIND = form(r"[A-Z][A-Za-z0-9]*", "a kind, like DaemonSet")

Name = Annotated[str, Field(pattern=NAME, max_length=40)]

LabelKey = Annotated[str, Field(pattern=LABEL_KEY)]
LabelValue = Annotated[str, Field(pattern=LABEL_VALUE)]
TaintText = Annotated[str, Field(pattern=TAINT)]
Host = Annotated[str, Field(pattern=HOST)]
Repository = Annotated[str, Field(pattern=REPOSITORY)]


def to_tuple(value: Any) -> Any:
    """A YAML list as the tuple used in models; everything else unchanged."""
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(to_tuple)]
LabelKeys = Annotated[tuple[LabelKey, ...], BeforeValidator(to_tuple)]
Texts = Annotated[tuple[Annotated[str, Field(min_length=1, pattern=NON_EMPTY)], ...], BeforeValidator(to_tuple)]
