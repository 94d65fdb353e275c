"""Validates names, labels and annotation keys. Each function returns the error, or None."""

from __future__ import annotations

from functools import lru_cache

from blueprint.patterns import lazy_pattern
from blueprint.versions import version_key

_DNS_LABEL = lazy_pattern(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_1035 = lazy_pattern(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = lazy_pattern(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = lazy_pattern(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253

_LABEL_KINDS = frozenset({("", "Namespace"), ("", "Service")})
_SERVICES_BEGIN_WITH_ANY = version_key("1.36")
"""The first minor version that accepts any DNS label as the name of a Service (KEP-5311; verified on a 1.36.3 API
server).
"""

_FREE_GROUPS = frozenset({"rbac.authorization.k8s.io", "certificates.k8s.io"})
_FREE_KINDS = frozenset(
    {("networking.k8s.io", "IPAddress"), ("scheduling.k8s.io", "PodGroup"), ("scheduling.k8s.io", "CompositePodGroup")}
)
_SHORTER = {("batch", "CronJob"): 52, ("batch", "Job"): 63}
"""The maximum name length of kinds whose name becomes part of a label or of a pod name."""


def name_fault(group: str, kind: str, name: str, minor: str) -> str | None:
    """The error in the name of an object of this kind in this Kubernetes minor version."""
    if group in _FREE_GROUPS or (group, kind) in _FREE_KINDS:
        return _path_segment_fault(name)
    if (group, kind) == ("", "Service") and version_key(minor) < _SERVICES_BEGIN_WITH_ANY:
        return _service_fault(name)
    if (group, kind) in _LABEL_KINDS:
        return dns_label_fault(name)
    longest = _SHORTER.get((group, kind), SUBDOMAIN_LENGTH)
    if len(name) > longest:
        return f"{len(name)} characters are more than {longest}"
    return subdomain_fault(name)


def dns_label_fault(name: str) -> str | None:
    """A single DNS label: namespaces, containers, volumes."""
    if len(name) > LABEL_LENGTH:
        return f"{len(name)} characters are more than {LABEL_LENGTH}"
    if not _DNS_LABEL.fullmatch(name):
        return "a DNS label has lower-case letters, digits and - only, with a letter or digit at both ends"
    return None


@lru_cache(maxsize=4096)
def subdomain_fault(name: str) -> str | None:
    """A DNS subdomain: most names."""
    if len(name) > SUBDOMAIN_LENGTH:
        return f"{len(name)} characters are more than {SUBDOMAIN_LENGTH}"
    if not _SUBDOMAIN.fullmatch(name):
        return "a DNS name has lower-case letters, digits, - and . only, with a letter or digit at both ends"
    return None


def _service_fault(name: str) -> str | None:
    if fault := dns_label_fault(name):
        return fault
    return None if _DNS_1035.fullmatch(name) else "the name of a Service begins with a letter"


def _path_segment_fault(name: str) -> str | None:
    if name in (".", ".."):
        return f"{name} is not a name"
    return "/ and % are not allowed" if "/" in name or "%" in name else None


@lru_cache(maxsize=4096)
def label_key_fault(key: str) -> str | None:
    """A label key: `name` or `prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    if slash and (not prefix or (fault := subdomain_fault(prefix))):
        return fault if prefix else "there is nothing before the /"
    if len(name) > LABEL_LENGTH:
        return f"the name part of the key has {len(name)} characters, more than {LABEL_LENGTH}"
    if not _QUALIFIED.fullmatch(name):
        return "the name part of the key has letters, digits, -, _ and . only, with a letter or digit at both ends"
    return None


def annotation_key_fault(key: str) -> str | None:
    """An annotation key: like a label key, but in any case."""
    return label_key_fault(key.lower())


@lru_cache(maxsize=4096)
def label_value_fault(value: str) -> str | None:
    """A label value; empty is allowed."""
    if len(value) > LABEL_LENGTH:
        return f"the value has {len(value)} characters, more than {LABEL_LENGTH}"
    if value and not _QUALIFIED.fullmatch(value):
        return f"the value {value!r} may have letters, digits, -, _ and . only, with a letter or digit at both ends"
    return None
