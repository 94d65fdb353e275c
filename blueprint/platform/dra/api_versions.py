"""The versions of the API resource.k8s.io, and the Kubernetes versions that serve them."""

from __future__ import annotations

from blueprint.versions import version_key

SERVED_FROM = {"v1": "1.34", "v1beta2": "1.33", "v1beta1": "1.32"}
"""All versions, the newest first, with the first Kubernetes minor version that serves each."""


def newest_served(minor: str) -> str:
    """The newest version that a Kubernetes minor version serves."""
    known = (version for version, since in SERVED_FROM.items() if version_key(minor) >= version_key(since))
    return next(known, "v1beta1")
