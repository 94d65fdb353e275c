"""The queue manager as a process: started with the ServiceAccount that it has in a cluster, stopped with the trial."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from blueprint.bundle.model import Bundle, Object
from blueprint.catalog.component_files.lab_programs import QueueProgram, load_queue_programs
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.access import Lab
from blueprint.lab.assets import find
from blueprint.lab.pins import BINARIES
from blueprint.lab.processes import start_bound
from blueprint.lab.queues.routes import hooks, without_hooks
from blueprint.lab.queues.settings import arguments, configuration, find_object, uncounted
from blueprint.records import Record

_PAUSE = 0.2
_LAST_LINES = 5
_BUILT = "cache"
"""The location of what `lab install` has built."""


class FoundManager(Record):
    """A queue manager's program.

    Attributes:
        program: The facts about the program.
        path: Its location.
        built: Whether `lab install` has built it.
        rendered: The version that the bundle installs.
    """

    program: QueueProgram
    path: str
    built: bool
    rendered: str

    @property
    def older(self) -> str:
        """The version that `lab install` has built, if the bundle installs another one; otherwise empty."""
        version = BINARIES[self.program.program].version
        return version if self.built and version != self.rendered else ""


def find_manager(bundle: Bundle, assets: Path | None) -> FoundManager:
    """The manager of the bundle's queues. Raises Refused (2) if the bundle has none, or the program does not exist."""
    for program in load_queue_programs():
        deployment = find_object(bundle, program, "Deployment", program.deployment)
        if deployment is None:
            continue
        if found := find(program.program, assets):
            image = deployment.data["spec"]["template"]["spec"]["containers"][0]["image"]
            version = str(image).partition("@")[0].rpartition(":")[2]
            return FoundManager(program, found.path, found.place == _BUILT, version)
        help_ = f"build it with `blueprint lab install --with-{program.program}` (ten minutes on two cores)"
        text = f"{program.program} was not found in --assets, KUBEBUILDER_ASSETS, the cache or PATH"
        raise Refused(Diagnostic(codes.BINARIES_MISSING, text, help=help_), exit_code=2)
    text = f"{bundle.name} installs no queueing engine that a lab can run"
    raise Refused(Diagnostic(codes.NO_QUEUES, text, help="declare spec.queueing.kueue, or omit --kueue"), exit_code=2)


class QueueManager:
    """One run of the manager. `ports` are local ports by name; `process` is set once it is started.

    `requested` are the resources that workloads will request.
    """

    def __init__(self, lab: Lab, bundle: Bundle, found: FoundManager, requested: Iterable[str]) -> None:
        self._lab = lab
        self._bundle = bundle
        self._found = found
        self._requested = tuple(requested)
        self.ports = _free_ports("webhook", "metrics", "health")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def program(self) -> QueueProgram:
        """The facts about the program."""
        return self._found.program

    def applied_before(self) -> Bundle:
        """The part of the bundle that is applied before it runs."""
        return without_hooks(self._bundle, self.program, self.ports["webhook"])

    def hooks(self, unless: str) -> Iterator[Object]:
        """The objects that make the API server call it, except for objects with the annotation `unless`."""
        return hooks(self._bundle, self.program, self.ports["webhook"], unless)

    @contextmanager
    def running(self, timeout: float) -> Iterator[None]:
        """Start it, wait until it responds, and stop it afterwards. Raises Refused (2) if it does not respond."""
        self._make_secret()
        self.process = start_bound(self._command(), folder=self._lab.folder, log=self._log)
        try:
            self._await(self._has_certificate, time.monotonic() + timeout, "creates no certificate")
            self._await(self._is_ready, time.monotonic() + timeout, "does not become ready")
            yield
        finally:
            self.process.kill()
            self.process.wait()

    def failure(self, what: str) -> Refused:
        """A diagnostic for a manager that does not work: `what` describes the failure.

        The evidence consists of the errors at the end of its log.
        """
        lines = self._log.read_text("utf-8", "replace").splitlines()
        evidence = codes.log_lines([*filter(None, map(_error, lines))][-_LAST_LINES:])
        return Refused(Diagnostic(codes.NO_QUEUES, f"{self.program.program} {what}", evidence=evidence), exit_code=2)

    @property
    def _certificates(self) -> Path:
        return self._lab.folder / f"{self.program.program}-certificates"

    @property
    def _log(self) -> Path:
        return self._lab.folder / f"{self.program.program}.log"

    def _command(self) -> list[str]:
        deployment = self._rendered("Deployment", self.program.deployment)
        pod = deployment.data["spec"]["template"]["spec"]
        config = self._lab.folder / f"{self.program.program}.yaml"
        config.write_text(self._configuration(), "utf-8")
        namespace = deployment.id.namespace
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        account = self._lab.user(f"system:serviceaccount:{namespace}:{pod['serviceAccountName']}", groups)
        more = arguments(pod["containers"][0].get("args", ()), self.program, built=self._found.built)
        return [self._found.path, f"--config={config}", f"--kubeconfig={account}", *more]

    def _configuration(self) -> str:
        rendered = self._rendered("ConfigMap", self.program.config_map).data["data"][self.program.key]
        names = uncounted(self._bundle, self.program, self._requested)
        places = {**self.ports, "certificates": str(self._certificates), "uncounted": names}
        return configuration(rendered, self.program, places, built=self._found.built)

    def _rendered(self, kind: str, name: str) -> Object:
        found = find_object(self._bundle, self.program, kind, name)
        if found is None:
            raise LookupError(f"no {kind} {name} among the objects of {self.program.component}")
        return found

    @property
    def _secrets(self) -> str:
        return f"/api/v1/namespaces/{self._rendered('Deployment', self.program.deployment).id.namespace}/secrets"

    def _make_secret(self) -> None:
        """Create the Secret that the manager fills. If cert-manager creates it in a cluster, the bundle does not
        contain it.
        """
        if find_object(self._bundle, self.program, "Secret", self.program.secret) is None:
            self._lab.create_all(self._secrets, [{"metadata": {"name": self.program.secret}}])

    def _has_certificate(self) -> bool:
        """Write the current contents of the Secret to files, like a kubelet. Return whether the manager has filled
        it.
        """
        secret = self._lab.request("GET", f"{self._secrets}/{self.program.secret}")
        self._certificates.mkdir(exist_ok=True)
        for name, value in (secret.get("data") or {}).items():
            file, content = self._certificates / name, base64.b64decode(value)
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
        return bool(secret.get("data"))

    def _is_ready(self) -> bool:
        """Whether it reports ready. It may have replaced its certificate since."""
        return self._has_certificate() and is_ready(self.ports["health"])

    def _await(self, condition: Callable[[], bool], end: float, otherwise: str) -> None:
        while not condition():
            if self.process is None or self.process.poll() is not None:
                raise self.failure("ended instead of starting")
            if time.monotonic() > end:
                raise self.failure(otherwise)
            time.sleep(_PAUSE)


def _error(line: str) -> str:
    """The error in a log line; the whole line if it is not a log entry, for example in a panic."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    return f"{entry.get('msg')}: {entry.get('error')}" if isinstance(entry, dict) and entry.get("error") else ""


def is_ready(port: int) -> bool:
    """Whether the program on this local port reports ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_ports(*names: str) -> dict[str, Any]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}
