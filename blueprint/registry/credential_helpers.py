"""Docker's credential helpers: programs `docker-credential-NAME` that store registry credentials.

`docker-credential-NAME get` reads the server from stdin and prints a JSON object with `Username` and `Secret`. A helper
that cannot be run is not an error by itself, because a registry may need no credentials at all. `problem` returns the
reason.
"""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprint.patterns import lazy_pattern

DOCKER_HUB = "https://index.docker.io/v1/"
"""The server of docker.io, as named by `docker login`."""

_NAME = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TIMEOUT = 30.0
"""The timeout of one response in seconds; a helper may have to query a cloud."""
_IDENTITY_TOKEN = "<token>"  # noqa: S105 - the user name that stands for one
_NOT_FOUND = "credentials not found"


@dataclass(frozen=True, slots=True)
class CredentialHelpers:
    """The helpers in a docker configuration: a default one, and those for individual registries."""

    store: str = ""
    by_registry: Mapping[str, str] = field(default_factory=dict)
    _cache: dict[str, tuple[str | None, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def get(self, host: str) -> str | None:
        """The value of an `Authorization: Basic` header for a registry; None if no helper has one."""
        return self._answer(host)[0]

    def problem(self, host: str) -> str:
        """Why the helper of a registry could not be queried; empty if it could, or if there is none."""
        return self._answer(host)[1]

    def _answer(self, host: str) -> tuple[str | None, str]:
        name = self.by_registry.get(host) or self.store
        if not name:
            return None, ""
        with self._lock:
            if host not in self._cache:
                self._cache[host] = _run(name, DOCKER_HUB if host == "docker.io" else host)
            return self._cache[host]


def _run(name: str, server: str) -> tuple[str | None, str]:
    program = f"docker-credential-{name}"
    if not _NAME.fullmatch(name):
        return None, f"{program!r} is not the name of a credential helper"
    try:
        done = subprocess.run(  # noqa: S603 - the name has been checked; the user's configuration chose it
            [program, "get"], input=server.encode(), capture_output=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"{program} did not answer within {_TIMEOUT:g} s"
    except OSError as error:
        return None, f"{program} cannot be run: {error.strerror}"
    if done.returncode:
        output = done.stdout.decode("utf-8", "replace")
        return None, "" if _NOT_FOUND in output else f"{program} failed with exit code {done.returncode}"
    return _basic(done.stdout, program)


def _basic(output: bytes, program: str) -> tuple[str | None, str]:
    try:
        answer = json.loads(output)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError):
        return None, f"{program} returned no readable credentials"
    if user == _IDENTITY_TOKEN:
        return None, f"{program} returned an identity token, which is not supported"
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}", ""
