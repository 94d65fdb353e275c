"""Requests to a lab as a user with all RBAC permissions, because admission policies depend on the user."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import yaml

from blueprint.http import HttpClient, tls_context
from blueprint.lab.access import Lab, RequestFailed

ALL_RIGHTS = "system:masters"


class LabUser:
    """A user, or the account of a program, with its own certificate."""

    def __init__(self, lab: Lab, name: str, groups: Sequence[str] = ()) -> None:
        config = yaml.safe_load(lab.user(name, [*groups, ALL_RIGHTS]).read_text())
        user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
        files = (cluster["certificate-authority-data"], user["client-certificate-data"], user["client-key-data"])
        self._http = HttpClient(30.0, tls=tls_context(*map(base64.b64decode, files)))
        self._server = lab.server

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Send one request and return the JSON of the response. Raises RequestFailed for a status of 400 or higher."""
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        response = self._http.send(method, self._server + path, headers, data)
        answer = json.loads(response.body)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise RequestFailed(response.status, answer)
        return answer
