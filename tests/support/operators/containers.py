"""A container of a pod, run on this machine as a kubelet would start it, without the parts that need a real node.

The container runs as rendered: command, arguments, environment variables, ConfigMaps and service account token come
from the pod that the controllers of Kubernetes created from our object. The program has its own root folder and
accesses the API server with exactly the rendered permissions.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blueprint.lab import Lab
from blueprint.lab.processes import die_with_parent
from tests.support.waits import PATIENCE, eventually

_ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(slots=True)
class Container:
    """A program that runs in its folder `root`. Its output is in `log`."""

    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    def said(self) -> str:
        """The complete output so far."""
        return self.log.read_text("utf-8", "replace")

    def wait_for(
        self, condition: Callable[[], Any], seconds: float = PATIENCE, errors: tuple[type[Exception], ...] = ()
    ) -> Any:
        """The result of `condition` once it is true. On a timeout the error contains the last output of the program.

        `errors` are exceptions of the condition that are ignored while waiting.
        """

        def look() -> Any:
            if not (found := condition()):
                assert self.process.poll() is None, f"ended with {self.process.returncode}\n{self.said()[-3000:]}"
            return found

        try:
            return eventually(look, "the program has done it", seconds=seconds, pause=0.1, errors=errors)
        except AssertionError as error:
            error.add_note(self.said()[-3000:])
            raise

    def stop(self) -> None:
        """Stop the program, as a kubelet would, and delete its folder."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.root)


@dataclass(slots=True)
class Kubelet:
    """Starts containers of pods. `folder` contains their root folders and logs; `close` stops all of them."""

    lab: Lab
    folder: Path
    started: list[Container] = field(default_factory=list)

    def close(self) -> None:
        """Stop everything that is still running."""
        for each in self.started:
            if each.process.poll() is None:
                each.stop()

    def run(
        self, pod: Mapping[str, Any], image: Mapping[str, Path], *more: str, host: Mapping[str, Path] | None = None
    ) -> Container:
        """Start the only container of the pod. `image` and `host` (volumes) map paths in its root folder to files.

        `more` are arguments after those of the pod, for example ports that would conflict on one machine.
        """
        [spec] = pod["spec"]["containers"]
        root = Path(tempfile.mkdtemp(prefix=f"{spec['name']}-", dir=self.folder))
        for inside, outside in (dict(image) | dict(host or {})).items():
            _copy(outside, root / inside.lstrip("/"))
        (root / "tmp").mkdir(exist_ok=True)
        self._account(pod, root / _ACCOUNT)
        self._config_maps(pod, spec, root)
        log = self.folder / f"{root.name}.log"
        rights = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", *rights, "--root", str(root), *spec["command"], *spec.get("args", []), *more]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(pod, spec),
                preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - ends with the test run
            )
        self.started.append(Container(root, log, process))
        return self.started[-1]

    def _environment(self, pod: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, str]:
        given = {each["name"]: _value(pod, each) for each in spec.get("env", [])}
        server = urlsplit(self.lab.server)
        where = {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
        return {"PATH": "/usr/bin", **where, **given}

    def _account(self, pod: Mapping[str, Any], folder: Path) -> None:
        """Write the token of the pod's service account, and the files for in-cluster access."""
        namespace, name = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = self.lab.request("POST", path, {"spec": {"expirationSeconds": 3600}})
        folder.mkdir(parents=True)
        (folder / "token").write_text(answer["status"]["token"])
        (folder / "namespace").write_text(namespace)
        shutil.copy(self.lab.folder / "ca.crt", folder / "ca.crt")

    def _config_maps(self, pod: Mapping[str, Any], spec: Mapping[str, Any], root: Path) -> None:
        volumes = {each["name"]: each["configMap"] for each in pod["spec"]["volumes"] if "configMap" in each}
        for mount in spec.get("volumeMounts", []):
            if source := volumes.get(mount["name"]):
                path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/configmaps/{source['name']}"
                data = self.lab.request("GET", path)["data"]
                for item in source.get("items", [{"key": key, "path": key} for key in data]):
                    place = root / mount["mountPath"].lstrip("/")
                    if mount.get("subPath", item["path"]) != item["path"]:
                        continue
                    target = place if "subPath" in mount else place / item["path"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(data[item["key"]])


def _value(pod: Mapping[str, Any], variable: Mapping[str, Any]) -> str:
    """A literal value, or the pod field that it references."""
    if "valueFrom" not in variable:
        return str(variable.get("value", ""))
    found: Any = pod
    for part in variable["valueFrom"]["fieldRef"]["fieldPath"].split("."):
        found = found[part]
    return str(found)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder or a file. Files are linked if possible, because programs are large."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
