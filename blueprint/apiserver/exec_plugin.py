"""Runs the credential plugins of kubeconfigs, as `client.authentication.k8s.io` defines them.

The official client only logs why a plugin failed and continues without credentials, so the reason is not available from
it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blueprint.apiserver import codes
from blueprint.apiserver.kubeconfig import Choice, Endpoint, endpoint, refuse
from blueprint.diagnostics import Refused
from blueprint.records import Confidential, replace

_LONGEST = 300
"""The maximum number of characters shown of a plugin's error message, from its first line. The rest may contain
secrets.
"""
_CLUSTER_EXTENSION = "client.authentication.k8s.io/exec"


class _Credential(Confidential):
    """The credentials from a plugin: a token, or a certificate with its key."""

    token: str | None = None
    certificate: bytes | None = None
    key: bytes | None = None

    @property
    def authorization(self) -> str | None:
        """The value of the header."""
        return f"Bearer {self.token}" if self.token else None


class _PluginError(Exception):
    """A plugin returned no credentials. The message gives the reason and contains no credentials."""


def plugin_endpoint(choice: Choice) -> Endpoint:
    """The endpoint of a context whose user has a plugin.

    Raises:
        Refused: BP7009 if the plugin returns no credentials, BP7002 or BP7003 for the rest of the kubeconfig.
    """
    place = endpoint(choice)
    credential = _obtain(choice)
    return replace(
        place,
        authorization=credential.authorization,
        certificate=credential.certificate or place.certificate,
        key=credential.key or place.key,
        renew=lambda: _obtain(choice).authorization,
    )


def _obtain(choice: Choice) -> _Credential:
    plugin = choice.user["exec"]
    try:
        return _run(plugin, choice)
    except _PluginError as error:
        hint = plugin.get("installHint") if isinstance(plugin, Mapping) else None
        raise _refused(choice, str(error), str(hint) if hint else None) from None


def _refused(choice: Choice, why: str, hint: str | None) -> Refused:
    first = (why.splitlines() or [""])[0][:_LONGEST]
    return refuse(codes.CREDENTIALS_FAILED, f"no credentials for context {choice.context!r}: {first}", hint)


def _run(plugin: Any, choice: Choice) -> _Credential:
    if not isinstance(plugin, Mapping) or not plugin.get("command") or not plugin.get("apiVersion"):
        raise _PluginError("exec: malformed request: it needs `command` and `apiVersion`")
    command = str(plugin["command"])
    if os.sep in command:
        command = str(choice.user_folder / command)
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
    try:
        done = subprocess.run(  # noqa: S603 - the command is the kubeconfig's
            [command, *map(str, plugin.get("args") or ())],
            env=os.environ | _variables(plugin, choice, interactive=interactive),
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            text=True,
            check=False,
        )
    except (OSError, UnicodeDecodeError) as error:
        raise _PluginError(f"exec: {command}: {getattr(error, 'strerror', None) or error}") from None
    if done.returncode:
        complaint = f". {done.stderr.strip()}" if done.stderr and done.stderr.strip() else ""
        raise _PluginError(f"exec: process returned {done.returncode}{complaint}")
    return _credential(done.stdout, str(plugin["apiVersion"]))


def _variables(plugin: Mapping[str, Any], choice: Choice, *, interactive: bool) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster_info(choice)
    info = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    given = {str(item["name"]): str(item["value"]) for item in plugin.get("env") or ()}
    return {**given, "KUBERNETES_EXEC_INFO": json.dumps(info)}


def _cluster_info(choice: Choice) -> dict[str, Any]:
    cluster = choice.cluster
    extensions = cluster.get("extensions") or ()
    config = next((each["extension"] for each in extensions if each.get("name") == _CLUSTER_EXTENSION), None)
    info = {key: value for key, value in cluster.items() if key not in {"extensions", "certificate-authority"}}
    if name := cluster.get("certificate-authority"):
        info["certificate-authority"] = str(Path(choice.cluster_folder) / str(name))
    return info if config is None else {**info, "config": config}


def _credential(output: str, api_version: str) -> _Credential:
    try:
        answer = json.loads(output)
        status = answer["status"]
        if answer["kind"] != "ExecCredential" or answer["apiVersion"] != api_version:
            raise _PluginError(f"exec: plugin returned {answer['apiVersion']} {answer['kind']}, not {api_version}")
        token, certificate, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _PluginError("exec: the output is not an ExecCredential with a status") from None
    if certificate and not key:
        raise _PluginError("exec: missing clientKeyData field in plugin output")
    if not (token or certificate):
        raise _PluginError("exec: missing token or clientCertificateData field in plugin output")
    return _Credential(token, *(value.encode() if value else None for value in (certificate, key)))
