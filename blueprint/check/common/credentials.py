"""Detects credentials by the name of a variable, or by the form of a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import items, mapping
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.placeholders import is_placeholder

SECRET_IN_PLAIN_TEXT = define("BP6301", "secret-in-plain-text", page=__file__, conceals=True)
_NAMES = lazy_pattern(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|API_?KEY|ACCESS_?KEY(?:_ID)?|SECRET(?:_?KEY)?|PRIVATE_?KEY|CREDENTIALS?)$"
)
_VALUES = lazy_pattern(
    r"nvapi-[A-Za-z0-9_-]{20,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\s|\\n){0,40}[A-Za-z0-9+/]{4}"
    r"|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|\bglpat-[A-Za-z0-9_-]{20,}|\beyJ[A-Za-z0-9_-]{10,300}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|[a-z][a-z0-9+]{0,30}://[^/\s:@]+:(?!\*+@|[$<{%])[^/\s:@]+@"
)
"""The password of a URL may be a variable. Unbounded repetitions must not be tried at every position of a long text,
which would take quadratic time."""
_PARTS = (
    "nvapi-", "ghp_", "gho_", "ghu_", "ghr_", "ghs_", "github_pat_", "hf_", "AKIA", "ASIA", "-----BEGIN ", "xox",
    "glpat-", "eyJ", "://",
)  # fmt: skip
"""One of these is in every such value. Searching for them takes a tenth of the time."""
_HARMLESS = lazy_pattern(
    r"(/|\.|file:)\S*|[0-9]*|true|false|yes|no|(?i:[0-9a-f]{2,8}:)*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
    r"|(?i:(?:dummy|empty|fake|none|null|n/a|unused|not[-_ ](?:used|needed|required))(?:[-_](?:api[-_])?(?:key|token))?"
    r"|(?:sk-)?no-key(?:-required)?)"
)
"""Paths, numbers, PCI addresses, and placeholder keys for local servers that need none. Multi-line texts are
configuration.
"""
_NO_SECRETS = frozenset({"ETCD_INITIAL_CLUSTER_TOKEN"})
"""Variables whose names resemble those of credentials, but that contain the name of something."""
_HELP = "refer to a Secret in the cluster instead: valueFrom, secretKeyRef"


class CredentialOptions(Record):
    """The options in `[rules.options.BP6301]`. `allowed`: names of variables and keys that contain no credential."""

    allowed: tuple[str, ...] = ()


def variables(env: Any, at: Path, options: CredentialOptions) -> Iterator[ObjectFinding]:
    """Variables with a credential as literal value; `at` is the path of their list."""
    for index, each in enumerate(map(mapping, items(env))):
        name, value = each.get("name"), each.get("value")
        if not isinstance(name, str) or name in options.allowed:
            continue
        if isinstance(value, str) and is_credential(name, value):
            text = f"the variable {name} contains a credential in plain text"
            yield ObjectFinding(SECRET_IN_PLAIN_TEXT, (*at, index, "value"), text, _HELP)


def is_credential(name: str, value: str) -> bool:
    """Whether a variable with that name and value reveals a credential. A path or a number does not."""
    return (_NAMES.search(name.upper()) is not None and not _is_harmless(name, value.strip())) or looks_secret(value)


def _is_harmless(name: str, text: str) -> bool:
    """Whether the value of a variable that is named like a credential is none."""
    harmless = "\n" in text or _HARMLESS.fullmatch(text) is not None or name.upper() in _NO_SECRETS
    return harmless or text.upper() == name.upper() or is_placeholder(text)


def looks_secret(value: str) -> bool:
    """Whether a text contains a credential of a known form."""
    return any(part in value for part in _PARTS) and _VALUES.search(value) is not None
