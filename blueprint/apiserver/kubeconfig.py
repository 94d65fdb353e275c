"""Reads kubeconfigs: finds and merges the files, selects a context, and reports errors in them.

Credentials in the file (certificates, tokens, passwords) become an `Endpoint` here. For credentials that have to be
obtained (exec plugins, identity providers), see `exec_plugin` and `connect`.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from blueprint.apiserver import codes
from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.records import Confidential

OBTAINED = ("exec", "auth-provider")
"""User keys for credentials that are not in the file."""

IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")
"""User keys that request impersonation. Ignoring them would mean acting with other permissions than requested."""


class Endpoint(Confidential):
    """The address of the API server, and the credentials for it.

    Certificates and keys are PEM bytes. `renew` returns a new Authorization header after a 401.
    """

    server: str
    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    authorization: str | None = None
    insecure: bool = False
    server_name: str | None = None
    proxy: str | None = None
    renew: Callable[[], str | None] | None = None


class Choice(Confidential):
    """One context of a kubeconfig, with its cluster and user, and the folders to which their paths are relative."""

    context: str
    namespace: str
    files: tuple[Path, ...]
    cluster: Mapping[str, Any]
    cluster_folder: Path
    user: Mapping[str, Any]
    user_folder: Path

    @property
    def is_static(self) -> bool:
        """Whether everything that is needed is in the file."""
        return not any(self.user.get(key) for key in OBTAINED) and not self.cluster.get("proxy-url")


def refuse(code: Any, message: str, help_text: str | None = None) -> Refused:
    """An error that prevents any examination: exit code 2."""
    return Refused(Diagnostic(code, message, help=help_text), exit_code=2)


def find_files(explicit: str | None) -> list[Path]:
    """The kubeconfigs to read, in order of precedence; empty if there are none.

    Raises:
        Refused: a file that was specified by name does not exist (BP7001).
    """
    if explicit:
        if not _exists(path := Path(explicit).expanduser()):
            raise refuse(codes.NO_KUBECONFIG, f"there is no kubeconfig {explicit}")
        return [path]
    if named := os.environ.get("KUBECONFIG"):
        paths = [Path(part).expanduser() for part in named.split(os.pathsep) if part]
        if not (found := [path for path in paths if _exists(path)]):
            raise refuse(codes.NO_KUBECONFIG, f"none of the files in KUBECONFIG exists: {named}")
        return found
    return [path for path in [Path.home() / ".kube" / "config"] if _exists(path)]


def _exists(path: Path) -> bool:
    """Whether the file exists, readable or not: an unreadable file is reported, not skipped."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def choose(files: list[Path], context: str | None) -> Choice:
    """Merge the files as kubectl does (the first definition of a name wins) and select one context.

    Raises:
        Refused: BP7002, BP7003 or BP7004.
    """
    configs = [(path, _load(path)) for path in files]
    contexts = _named(configs, "contexts", "context")
    current = next((str(c["current-context"]) for _, c in configs if c.get("current-context")), "")
    if not (name := context or current):
        raise _unknown("the kubeconfig has no current-context, and --context was not specified", "", contexts)
    if name not in contexts:
        raise _unknown(f"there is no context {name!r} in the kubeconfig", name, contexts)
    chosen = contexts[name][0]
    cluster, cluster_folder = _member(configs, "clusters", "cluster", chosen, name)
    user, user_folder = _member(configs, "users", "user", chosen, name) if chosen.get("user") else ({}, Path())
    if impersonated := [key for key in IMPERSONATION if user.get(key)]:
        text = f"the user of context {name!r} impersonates another (`{impersonated[0]}`), which is not supported"
        raise refuse(codes.CREDENTIALS_FAILED, text)
    namespace = str(chosen.get("namespace") or "default")
    return Choice(name, namespace, tuple(files), cluster, cluster_folder, user, user_folder)


def endpoint(choice: Choice) -> Endpoint:
    """The endpoint of a context whose credentials are in the file.

    Raises:
        Refused: BP7002 for a file that cannot be read, BP7003 for one without usable credentials.
    """
    cluster, user = choice.cluster, choice.user
    if not (server := cluster.get("server")):
        raise refuse(codes.KUBECONFIG_MALFORMED, f"the cluster of context {choice.context!r} has no `server`")
    renew = (lambda: _token(choice)) if _token_file(user) else None
    return Endpoint(
        server=str(server).rstrip("/"),
        ca=_content(cluster, "certificate-authority", choice.cluster_folder),
        certificate=_content(user, "client-certificate", choice.user_folder),
        key=_content(user, "client-key", choice.user_folder),
        authorization=_token(choice),
        insecure=bool(cluster.get("insecure-skip-tls-verify", False)),
        server_name=cluster.get("tls-server-name") or None,
        proxy=cluster.get("proxy-url") or None,
        renew=renew,
    )


def _token(choice: Choice) -> str | None:
    user = choice.user
    if name := _token_file(user):
        return f"Bearer {_read(choice.user_folder / name).decode('utf-8', 'replace').strip()}"
    if token := user.get("token"):
        return f"Bearer {token}"
    if user.get("username") and user.get("password"):
        pair = f"{user['username']}:{user['password']}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _token_file(user: Mapping[str, Any]) -> str | None:
    return user.get("tokenFile") or None


def _content(section: Mapping[str, Any], key: str, folder: Path) -> bytes | None:
    """PEM bytes from KEY-data, or from the file that KEY specifies."""
    if data := section.get(f"{key}-data"):
        try:
            return base64.b64decode(str(data), validate=True)
        except binascii.Error:
            raise refuse(codes.KUBECONFIG_MALFORMED, f"{key}-data is not valid base64") from None
    return _read(folder / str(section[key])) if section.get(key) else None


def _read(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise refuse(codes.KUBECONFIG_UNREADABLE, f"cannot read {path}: {error.strerror}") from None


def _load(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    text = _read(path)
    try:
        config = YAML(typ="safe").load(text)
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "not readable text"
        raise refuse(codes.KUBECONFIG_MALFORMED, f"{where} is not YAML: {problem}") from None
    if not isinstance(config, dict):
        raise refuse(codes.KUBECONFIG_MALFORMED, f"{path} is not a kubeconfig: it is not a mapping")
    return config


def _named(configs: list[tuple[Path, dict[str, Any]]], plural: str, kind: str) -> dict[str, tuple[Any, Path]]:
    found: dict[str, tuple[Any, Path]] = {}
    for path, config in configs:
        for entry in _entries(path, config, plural, kind):
            found.setdefault(str(entry["name"]), (entry.get(kind) or {}, path.parent))
    return found


def _entries(path: Path, config: dict[str, Any], plural: str, kind: str) -> Iterator[Mapping[str, Any]]:
    entries = config.get(plural) or []
    if not isinstance(entries, list):
        raise refuse(codes.KUBECONFIG_MALFORMED, f"{path}: `{plural}` is not a list")
    for index, entry in enumerate(entries):
        body = entry.get(kind) or {} if isinstance(entry, Mapping) else None
        if not isinstance(body, Mapping) or "name" not in entry:
            raise refuse(codes.KUBECONFIG_MALFORMED, f"{path}: `{plural}[{index}]` has no `name` and `{kind}` mapping")
        yield entry


def _member(
    configs: list[tuple[Path, dict[str, Any]]], plural: str, kind: str, chosen: Mapping[str, Any], context: str
) -> tuple[Mapping[str, Any], Path]:
    candidates = _named(configs, plural, kind)
    name = str(chosen.get(kind) or "")
    if name not in candidates:
        raise _unknown(f"context {context!r} names the {kind} {name!r}, which does not exist", name, candidates)
    return candidates[name]


def _unknown(message: str, name: str, candidates: Mapping[str, Any]) -> Refused:
    there = f"known: {', '.join(sorted(candidates))}" if candidates else "the kubeconfig defines none"
    guess = nearest(name, candidates) if name else None
    return refuse(codes.UNKNOWN_CONTEXT, message, f"did you mean {guess!r}? {there}" if guess else there)
