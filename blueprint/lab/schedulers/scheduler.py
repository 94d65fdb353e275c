"""A scheduler as processes: its operator creates its objects and exits, and the programs that these describe run during
a trial.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blueprint.bundle.model import Bundle
from blueprint.catalog.component_files.lab_schedulers import SchedulerPrograms
from blueprint.cluster.health import value_at
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.access import Lab
from blueprint.lab.processes import start_bound
from blueprint.lab.queues.manager import is_ready
from blueprint.lab.schedulers.found import FoundScheduler, operator_of
from blueprint.lab.schedulers.host_pods import HostProcess, account_of, host_process, program_of
from blueprint.lab.schedulers.routes import lead_here

_RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
_PAUSE = 0.2
_LAST_LINES = 5
_ERRORS = ("ERROR", '"level":"error"', "panic:", "fatal", "Error:")
Json = Mapping[str, Any]


class RunningScheduler:
    """One run of the scheduler.

    `left_out` are the Deployments of its operator whose programs do not run here, `runtime_class` is the RuntimeClass
    that others install.
    """

    def __init__(self, lab: Lab, bundle: Bundle, found: FoundScheduler) -> None:
        self._lab = lab
        self._bundle = bundle
        self._found = found
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.left_out: tuple[str, ...] = ()
        self.runtime_class = _runtime_class(bundle, found.programs)

    @property
    def programs(self) -> SchedulerPrograms:
        """The facts about its programs."""
        return self._found.programs

    @contextmanager
    def running(self, timeout: float) -> Iterator[None]:
        """Let the operator create everything, start the programs, and stop them afterwards. Raises Refused (2) if one
        fails.
        """
        try:
            if self.runtime_class:
                metadata = {"name": self.runtime_class}
                self._lab.create_all(_RUNTIME_CLASSES, [{"metadata": metadata, "handler": self.runtime_class}])
            self._install(timeout)
            made = self._made()
            self.left_out = tuple(
                sorted(each["metadata"]["name"] for each in made if program_of(each) not in self.programs.programs)
            )
            started = [self._started(each) for each in made if each["metadata"]["name"] not in self.left_out]
            for process in started:
                self._await_ready(process, timeout)
            lead_here(self._lab, self._ports(made, started))
            yield
        finally:
            for each in self._processes.values():
                each.kill()
                each.wait()

    def check(self) -> None:
        """Raise Refused (2) if one of its programs has ended in the meantime."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise self._failure(name, "ended")

    def _install(self, timeout: float) -> None:
        operator = operator_of(self._bundle, self.programs)
        if operator is None:
            raise LookupError(
                f"no Deployment {self.programs.deployment} among the objects of {self.programs.component}"
            )
        live = self._lab.request("GET", f"{_deployments(operator.id.namespace)}/{operator.id.name}")
        process = self._started(live)
        self._await(process.name, self._is_deployed, timeout, "does not create its own objects")
        ended = self._processes.pop(process.name)
        ended.kill()
        ended.wait()

    def _is_deployed(self) -> bool:
        wanted = self.programs.deployed
        found = [each for path in wanted.collections for each in self._lab.request("GET", path)["items"]]
        return bool(found) and all(
            _condition(each, kind) == status for each in found for kind, status in wanted.conditions.items()
        )

    def _made(self) -> list[Json]:
        operator = operator_of(self._bundle, self.programs)
        namespace = operator.id.namespace if operator else ""
        every: list[Json] = self._lab.request("GET", _deployments(namespace))["items"]
        return [each for each in every if each["metadata"]["name"] != self.programs.deployment]

    def _started(self, deployment: Json) -> HostProcess:
        name, program = str(deployment["metadata"]["name"]), program_of(deployment)
        root = self._lab.folder / f"{name}-files"
        account = account_of(deployment)
        groups = ("system:serviceaccounts", account.rpartition(":")[0].replace("serviceaccount:", "serviceaccounts:"))
        user = self._lab.user(account, groups)
        how, path = self.programs.programs[program], self._found.path(program)
        process = host_process(deployment, path, how, root, user, lambda path: self._lab.request("GET", path))
        self._processes[name] = start_bound(
            process.command, folder=self._lab.folder, log=self._log(name), environment=process.environment
        )
        return process

    def _ports(self, made: list[Json], started: list[HostProcess]) -> dict[tuple[str, str], int]:
        """The port of each program that the API server calls, by namespace and Service, which has the program's
        name.
        """
        ports = {each.name: each.ports["webhook"] for each in started}
        return {
            (each["metadata"]["namespace"], name): ports.get(name, 0)
            for each in made
            for name in (each["metadata"]["name"],)
            if (how := self.programs.programs.get(program_of(each))) is None or how.webhook
        }

    def _await_ready(self, process: HostProcess, timeout: float) -> None:
        program = Path(process.command[0]).name
        if self.programs.programs[program].health:
            self._await(process.name, lambda: is_ready(process.ports["health"]), timeout, "does not become ready")

    def _await(self, name: str, condition: Callable[[], bool], timeout: float, otherwise: str) -> None:
        end = time.monotonic() + timeout
        while not condition():
            if self._processes[name].poll() is not None:
                raise self._failure(name, "ended instead of starting")
            if time.monotonic() > end:
                raise self._failure(name, otherwise)
            time.sleep(_PAUSE)

    def _failure(self, name: str, what: str) -> Refused:
        """A diagnostic for a program that does not work, with the errors at the end of its log, or its last lines."""
        lines = self._log(name).read_text("utf-8", "replace").splitlines()
        errors = [line for line in lines if any(word in line for word in _ERRORS)] or lines
        evidence = codes.log_lines(errors[-_LAST_LINES:])
        text = f"{self.programs.title}'s program {name} {what}"
        return Refused(Diagnostic(codes.NO_QUEUES, text, evidence=evidence), exit_code=2)

    def _log(self, name: str) -> Path:
        return self._lab.folder / f"{name}.log"


def _deployments(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def _runtime_class(bundle: Bundle, programs: SchedulerPrograms) -> str:
    """The RuntimeClass of its pods if the bundle does not contain it; empty if they have none."""
    named = programs.runtime_class
    found = (obj.data for obj in bundle.objects if (obj.component, obj.id.kind) == (programs.component, named.kind))
    name = next((str(value_at(each, named.field) or "") for each in found), "")
    there = {obj.id.name for obj in bundle.objects if obj.id.kind == "RuntimeClass"}
    return "" if name in there else name


def _condition(obj: Json, kind: str) -> str:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")
