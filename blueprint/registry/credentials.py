"""Credentials from a docker configuration file. They are sent only to their own registry, and never shown."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.registry import codes
from blueprint.registry.credential_helpers import CredentialHelpers

_DOCKER_HUB_KEY = "index.docker.io/v1"
_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Credentials:
    """The values of `Authorization: Basic` headers, by registry, or by registry and path. Helpers may have others."""

    basic: Mapping[str, str] = field(default_factory=dict, repr=False)
    helpers: CredentialHelpers = field(default_factory=CredentialHelpers)

    def for_repository(self, host: str, repository: str) -> str | None:
        """The credentials of the longest matching path, otherwise those that a helper has for the registry.

        Those of `host/team` take precedence over those of `host`. A helper for this registry takes precedence over the
        file.
        """
        if host in self.helpers.by_registry:
            return self.helpers.get(host)
        return self._in_file(host, repository) or self.helpers.get(host)

    def problem(self, host: str, repository: str) -> str:
        """Why a helper with possible credentials could not be queried; empty if there is no such helper."""
        known = host not in self.helpers.by_registry and self._in_file(host, repository)
        return "" if known else self.helpers.problem(host)

    def _in_file(self, host: str, repository: str) -> str | None:
        if host == "docker.io" and _DOCKER_HUB_KEY in self.basic:
            return self.basic[_DOCKER_HUB_KEY]
        parts = [host, *repository.split("/")]
        paths = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((self.basic[path] for path in paths if path in self.basic), None)


def read_credentials(file: str | None, environment: Mapping[str, str] = os.environ) -> Credentials:
    """The credentials from `file`, or from docker's and podman's default locations; empty if there are none. Raises
    Refused.
    """
    if file is not None:
        return _read(Path(file))
    home = environment.get("DOCKER_CONFIG") or (f"{environment['HOME']}/.docker" if "HOME" in environment else None)
    usual = [environment.get("REGISTRY_AUTH_FILE"), home and f"{home}/config.json"]
    for name in filter(None, usual):
        if Path(name).is_file():
            return _read(Path(name))
    return Credentials()


def _read(path: Path) -> Credentials:
    try:
        with path.open("rb") as stream:
            data = json.loads(stream.read(_MOST_BYTES))
        auths = data.get("auths", {})
        by_registry = {_key(name): str(helper) for name, helper in (data.get("credHelpers") or {}).items()}
        if _DOCKER_HUB_KEY in by_registry:
            by_registry["docker.io"] = by_registry[_DOCKER_HUB_KEY]
        helpers = CredentialHelpers(str(data.get("credsStore") or ""), by_registry)
        basic = {_key(name): basic for name, entry in auths.items() if (basic := _basic(entry))}
        return Credentials(basic, helpers)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
    except (ValueError, AttributeError, TypeError):
        reason = "it does not have Docker's format"
    raise Refused(Diagnostic(codes.REGISTRY_CONFIG, f"registry credentials in {path}: {reason}"), exit_code=2)


def _key(name: str) -> str:
    """`https://index.docker.io/v1/` and similar, as host and path."""
    return name.removeprefix("https://").removeprefix("http://").rstrip("/")


def _basic(entry: dict[str, Any]) -> str | None:
    """The value of the header; None if the entry has none, because a helper may."""
    if entry.get("auth"):
        pair = base64.b64decode(entry["auth"], validate=True)
    elif entry.get("username") and entry.get("password"):
        pair = f"{entry['username']}:{entry['password']}".encode()
    else:
        return None
    if b":" not in pair:
        raise binascii.Error
    return f"Basic {base64.b64encode(pair).decode()}"
