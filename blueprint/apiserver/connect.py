"""Connects to the cluster that a kubeconfig selects, or reports why this fails.

This is the only module that imports the official Kubernetes client. The import takes a quarter of a second, so the
client is used only where it is needed: for identity providers, proxies and a pod's own service account. A kubeconfig
whose credentials are in the file, or come from a plugin, is read here. Both ways produce the same `Endpoint`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.apiserver import codes
from blueprint.apiserver.credential_expiry import describe_credentials
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.kubeconfig import Choice, Endpoint, choose, endpoint, find_files, refuse
from blueprint.diagnostics import Refused

if TYPE_CHECKING:
    from blueprint.apiserver.connection import Connection


def connect(kubeconfig: str | None = None, context: str | None = None, timeout: float = 30.0) -> Connection:
    """A connection to a Kubernetes API server that responded and accepted the credentials.

    Args:
        kubeconfig: One file; None for `KUBECONFIG`, `~/.kube/config` or the pod's own account.
        context: A context of the kubeconfig; None for the current context.
        timeout: Timeout of one request in seconds.

    Raises:
        Refused: BP7001 to BP7009, exit code 2.
    """
    from blueprint.apiserver.connection import Connection

    place, name = _locate(kubeconfig, context)
    place = with_environment_proxy(place)
    try:
        connection = Connection(place, name, timeout)
    except (ssl.SSLError, ValueError) as error:
        text = f"the certificates of context {name!r} cannot be used: {error}"
        raise refuse(codes.KUBECONFIG_MALFORMED, text) from None
    try:
        version = connection.get("/version")
    except ApiError as error:
        raise refused(error, connection) from None
    if not isinstance(version, Mapping) or "gitVersion" not in version:
        raise refuse(codes.NOT_KUBERNETES, f"{place.server} responds, but is not a Kubernetes API server")
    connection.version = str(version["gitVersion"])
    return connection


def refused(error: ApiError, connection: Connection) -> Refused:
    """The reason why nothing can be examined, as reported by the step that failed."""
    server = connection.endpoint.server
    if error.reason == "TLS":
        return refuse(codes.TLS_FAILED, f"a TLS connection to {server} failed: {_tls_words(error.message)}")
    if error.status == 0:
        text = f"{server} (context {connection.context!r}) cannot be reached: {error.message}"
        return refuse(codes.UNREACHABLE, text)
    if error.status == HTTPStatus.UNAUTHORIZED:
        text = f"{server} does not accept {describe_credentials(connection.endpoint)} of {connection.context!r}"
        return refuse(codes.NOT_AUTHENTICATED, text)
    if error.status == HTTPStatus.FORBIDDEN and error.reason:
        return refuse(codes.FORBIDDEN, f"{server} refuses {error.request}: {error.message}")
    if error.transient:
        return refuse(codes.SERVER_FAILING, f"{server} fails on {error.request}: {error}")
    text = f"{server} answers {error.request} with {error.status or 'no status'}, so it is not a Kubernetes API server"
    return refuse(codes.NOT_KUBERNETES, text)


def _locate(kubeconfig: str | None, context: str | None) -> tuple[Endpoint, str]:
    if files := find_files(kubeconfig):
        choice = choose(files, context)
        return endpoint_of(choice), choice.context
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster(), "in-cluster"
    raise refuse(
        codes.NO_KUBECONFIG,
        "no kubeconfig was found: not in KUBECONFIG, not at ~/.kube/config",
        "specify one with --kubeconfig; `blueprint lab up` creates one for a throw-away cluster",
    )


def endpoint_of(choice: Choice) -> Endpoint:
    """The endpoint of a context, whatever the source of its credentials. Raises Refused."""
    if choice.is_static:
        return endpoint(choice)
    if not choice.user.get("exec"):
        return official_endpoint(choice)
    from blueprint.apiserver.exec_plugin import plugin_endpoint

    return plugin_endpoint(choice)


def official_endpoint(choice: Choice) -> Endpoint:
    """The endpoint as the official client's loader returns it, including identity providers."""
    from kubernetes.client import Configuration
    from kubernetes.config import load_kube_config
    from kubernetes.config.config_exception import ConfigException

    configuration = Configuration()
    why = "its identity provider returned none"
    try:
        load_kube_config(  # type: ignore[no-untyped-call]
            os.pathsep.join(str(path) for path in choice.files),
            choice.context,
            configuration,
            persist_config=False,
        )
    except (ConfigException, OSError, KeyError, TypeError, ValueError) as error:
        why = str(error) or type(error).__name__
    else:
        found = _from_official(configuration)
        if found.authorization or found.certificate or not choice.user.get("auth-provider"):
            return found
    text = f"no credentials for context {choice.context!r}: {why.splitlines()[0][:300]}"
    raise refuse(codes.CREDENTIALS_FAILED, text)


def _in_cluster() -> Endpoint:
    from kubernetes.client import Configuration
    from kubernetes.config import load_incluster_config
    from kubernetes.config.config_exception import ConfigException

    configuration = Configuration()
    try:
        load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise refuse(codes.CREDENTIALS_FAILED, f"the pod's own account is unusable: {error}") from None
    return _from_official(configuration)


def _from_official(configuration: Any) -> Endpoint:
    def authorization() -> str | None:
        """The `Authorization` header of the configuration's token; None without one."""
        token: str | None = configuration.get_api_key_with_prefix("BearerToken")
        # The in-cluster loader says "bearer"; the scheme's name is case-insensitive, equality is not.
        return f"Bearer {token[7:]}" if token and token.startswith("bearer ") else token

    def content(path: str | None) -> bytes | None:
        """The contents of a file; None if no path is given. Raises OSError."""
        return Path(path).read_bytes() if path else None

    return Endpoint(
        server=str(configuration.host).rstrip("/"),
        ca=content(configuration.ssl_ca_cert),
        certificate=content(configuration.cert_file),
        key=content(configuration.key_file),
        authorization=authorization(),
        insecure=not configuration.verify_ssl,
        server_name=configuration.tls_server_name,
        proxy=configuration.proxy,
        renew=authorization,
    )


def with_environment_proxy(place: Endpoint) -> Endpoint:
    """The endpoint, using HTTPS_PROXY if it is set and NO_PROXY does not exempt the host."""
    if place.proxy or not any(key.lower().endswith("_proxy") for key in os.environ):
        return place
    from urllib.parse import urlsplit

    from blueprint.http import environment_proxy
    from blueprint.records import replace

    local = urlsplit(place.server).hostname in {"localhost", "127.0.0.1", "::1"}
    proxy = None if local else environment_proxy(place.server)
    return replace(place, proxy=proxy) if proxy else place


def _tls_words(message: str) -> str:
    """OpenSSL's message without error code and source location: `[SSL: CODE] message (_ssl.c:1234)`."""
    return message.partition("] ")[2].partition(" (_ssl")[0] or message
