"""Self-contained kubeconfig files, so that a single path is sufficient."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from blueprint.lab.certificates import KeyPair
from blueprint.source.yaml_writer import emit


def write_kubeconfig(path: Path, *, lab: str, server: str, authority: bytes, user: str, credential: KeyPair) -> None:
    """Write a kubeconfig that only its owner can read."""
    name = f"blueprint-lab-{lab}"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "users": [{"name": user, "user": _credential(credential)}],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(emit(document))


def _credential(credential: KeyPair) -> dict[str, Any]:
    return {
        "client-certificate-data": _base64(credential.certificate),
        "client-key-data": _base64(credential.key),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
