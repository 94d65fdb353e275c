"""Access to a running lab: its kubeconfig, additional users, requests with administrator rights."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from blueprint.http import HttpClient, tls_context
from blueprint.lab.assets import find_all
from blueprint.lab.certificates import LIFETIME, KeyPair, make_client, require_cryptography
from blueprint.lab.components import STOOD_IN
from blueprint.lab.credentials import read_authority
from blueprint.lab.folder import LabRecord, read_record
from blueprint.lab.kubeconfig import write_kubeconfig
from blueprint.lab.launch import hand_over, launch, stop
from blueprint.lab.launch_spec import LaunchSpec
from blueprint.lab.processes import Identity

FIELD_MANAGER = "blueprint-lab"
READY_WITHIN = 90.0
"""Timeout in seconds; an idle machine needs about three."""
_ANSWER_WITHIN = 120.0
"""Timeout in seconds; several labs on a busy machine respond slowly."""


class RequestFailed(Exception):  # noqa: N818 - an outcome
    """The API server rejected a request: `status` is the HTTP status, `answer` the body (a Status object, or text)."""

    def __init__(self, status: int, answer: Any) -> None:
        message = answer.get("message", answer) if isinstance(answer, Mapping) else answer
        super().__init__(f"{status}: {message}")
        self.status = status
        self.answer = answer


class Lab:
    """A control plane on loopback: etcd and an API server with RBAC, and nothing that acts on its objects."""

    def __init__(self, folder: Path, supervisor: subprocess.Popen[bytes] | None = None) -> None:
        """Attach to the lab in `folder`. With its supervisor, closing the lab is our responsibility."""
        self.folder = folder
        self.supervisor = supervisor

    @classmethod
    def open(
        cls,
        *,
        assets: Path | None = None,
        controllers: bool = False,
        every: bool = False,
        live: bool = False,
        name: str = "private",
        stood_in: Sequence[str] = STOOD_IN,
    ) -> Self:
        """Start a new lab that ends with this process, however it terminates. Use it with `with`.

        `controllers` adds a scheduler and the controllers that the lab's objects need; `every` adds all of them; `live`
        adds controllers, and makes simulated nodes and the pods on them ready. For schedulers in `stood_in`, the
        Kubernetes scheduler is used. Raises Refused (2) if it cannot be started.
        """
        folder = Path(tempfile.gettempdir()).absolute() / f"blueprint-lab-{secrets.token_hex(8)}"
        order = order_lab(
            folder, name, assets=assets, controllers=controllers, every=every, live=live, stood_in=stood_in
        )
        return cls(folder, launch(order))

    def close(self) -> None:
        """Stop the lab, if we started it and have not handed it over; nothing of it is left."""
        if self.supervisor:
            stop(self.supervisor)
            self.supervisor = None

    def hand_over(self) -> None:
        """Keep it running after this process, until `lab down`. Raises Refused (2) if it has failed in the meantime."""
        if self.supervisor:
            hand_over(self.supervisor)
            self.supervisor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig: group system:masters."""
        return self.folder / "kubeconfig"

    @property
    def record(self) -> LabRecord:
        """The lab's own record. Raises LookupError if the lab no longer exists."""
        if record := read_record(self.folder):
            return record
        raise LookupError(f"there is no lab in {self.folder}")

    @cached_property
    def server(self) -> str:
        """The API server's address, `https://127.0.0.1:PORT`."""
        return self.record.server

    @cached_property
    def _http(self) -> HttpClient:
        authority, certificate, key = (
            self.folder.joinpath(n).read_bytes() for n in ("ca.crt", "admin.crt", "admin.key")
        )
        return HttpClient(_ANSWER_WITHIN, tls=tls_context(authority, certificate, key))

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Send one request with administrator rights; return the response's JSON, or its text. Raises RequestFailed
        from 400 on.

        A `body` of text or bytes is sent unchanged, anything else as JSON (which is also valid YAML, for
        `application/apply-patch+yaml`).
        """
        text = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        data = text.encode() if isinstance(text, str) else text
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        response = self._http.send(method, self.server + path, headers, data)
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = response.body.decode("utf-8", "replace")
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise RequestFailed(response.status, answer)
        return answer

    def create_nodes(self, nodes: Iterable[Mapping[str, Any]]) -> int:
        """Create the nodes that do not exist yet, and return their number. Raises RequestFailed."""
        return self.create_all("/api/v1/nodes", nodes)

    def create_all(self, collection: str, objects: Iterable[Mapping[str, Any]]) -> int:
        """Create the objects of a collection, given by its URL path, that do not exist yet. Return their number. Raises
        RequestFailed.
        """
        return sum(self._created(f"{collection}?fieldManager={FIELD_MANAGER}", each) for each in objects)

    def user(self, name: str, groups: Sequence[str] = (), *, expires: dt.timedelta = LIFETIME) -> Path:
        """A kubeconfig with a client certificate for this user. With a negative `expires`, it has already expired."""
        return self._kubeconfig(name, make_client(read_authority(self.folder), name, groups, expires))

    def _created(self, path: str, body: Mapping[str, Any]) -> bool:
        try:
            self.request("POST", path, body)
        except RequestFailed as failed:
            if failed.status != HTTPStatus.CONFLICT:
                raise
            return False
        return True

    def _kubeconfig(self, user: str, credential: KeyPair) -> Path:
        path = self.folder / f"user-{secrets.token_hex(4)}.kubeconfig"
        write_kubeconfig(
            path,
            lab=self.record.name,
            server=self.server,
            authority=(self.folder / "ca.crt").read_bytes(),
            user=user,
            credential=credential,
        )
        return path


def order_lab(
    folder: Path,
    name: str,
    *,
    assets: Path | None = None,
    controllers: bool = False,
    every: bool = False,
    live: bool = False,
    owner: Identity | None = None,
    stood_in: Sequence[str] = STOOD_IN,
) -> LaunchSpec:
    """The launch specification of a lab, after checking that one can be started. Raises Refused (2)."""
    require_cryptography()
    controllers = controllers or every or live
    binaries = find_all(assets, controllers=controllers, live=live)
    owned_by = str(owner or Identity.mine())
    return LaunchSpec(os.fspath(folder), name, owned_by, binaries, controllers, every, live, READY_WITHIN, stood_in)
