"""Checks whether a starting control plane is ready. Imports only the standard library, because it is called often."""

from __future__ import annotations

import functools
import http.client
import ssl
from pathlib import Path


def server_ready(folder: Path, port: int) -> bool:
    """Whether the API server responds, and has created the namespace that everything else requires."""
    return _responds(folder, port, "/readyz") and _responds(folder, port, "/api/v1/namespaces/default")


def controllers_ready(folder: Path, port: int) -> bool:
    """Whether the controller manager has started its work: pods need this account."""
    return _responds(folder, port, "/api/v1/namespaces/default/serviceaccounts/default")


def _responds(folder: Path, port: int, path: str) -> bool:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=_context(folder))
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@functools.cache
def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    return context
