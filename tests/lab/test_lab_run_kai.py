"""`lab run --kai` without KAI's programs: rejected input, and how a Deployment's container becomes a process."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.lab_schedulers import HostProgram, load_scheduler_programs
from blueprint.cli.main import main
from blueprint.lab.components import STOOD_IN, scheduler_config
from blueprint.lab.schedulers.build_info import main_version
from blueprint.lab.schedulers.host_pods import account_of, host_process, program_of

EXAMPLES = Path(__file__).parents[2] / "examples"
BOTH = EXAMPLES / "batch-and-interactive" / "blueprint.yaml"
DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "kai-scheduler-infer", "namespace": "kai-scheduler"},
    "spec": {
        "template": {
            "spec": {
                "serviceAccountName": "scheduler",
                "containers": [
                    {
                        "image": "mirror.example:5000/kai/scheduler:v0.17.0@sha256:1f",
                        "args": ["--scheduler-conf=/etc/config/config.yaml", "--conf", "/etc/config", "--v=3"],
                        "env": [
                            {"name": "GOGC", "value": "400"},
                            {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                        ],
                        "volumeMounts": [
                            {"name": "config", "mountPath": "/etc/config/config.yaml", "subPath": "config.yaml"},
                            {"name": "more", "mountPath": "/etc/config"},
                            {"name": "cert", "mountPath": "/tmp/serving-certs"},  # noqa: S108 - in a container,
                        ],
                    }
                ],
                "volumes": [
                    {"name": "config", "configMap": {"name": "kai-scheduler-infer"}},
                    {"name": "more", "configMap": {"name": "kai-scheduler-infer"}},
                    {"name": "cert", "secret": {"secretName": "tls"}},
                ],
            }
        }
    },
}
OBJECTS = {
    "/api/v1/namespaces/kai-scheduler/configmaps/kai-scheduler-infer": {"data": {"config.yaml": "actions: allocate"}},
    "/api/v1/namespaces/kai-scheduler/secrets/tls": {"data": {"tls.crt": base64.b64encode(b"PEM").decode()}},
}


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["lab", "run", *arguments, "--report", "json"]) == 2
    [found] = json.loads(capsys.readouterr().out)["diagnostics"]
    return dict(found)


def test_programs_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scheduler").touch(mode=0o755)
    (tmp_path / "binder").touch(mode=0o644)
    found = refusal(capsys, str(BOTH), "--kai", str(tmp_path))
    assert found["code"] == "BP0020"
    assert f"no program operator, admission, binder and podgrouper in --kai {tmp_path}" in found["message"]


def test_a_blueprint_without_kai_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = refusal(capsys, str(EXAMPLES / "h100-training"), "--kai", str(tmp_path))
    assert (found["code"], found["help"]) == ("BP0035", "declare spec.queueing.kai, or omit --kai")


def test_a_running_lab_uses_the_kubernetes_scheduler_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = refusal(capsys, str(BOTH), "--kai", str(tmp_path), "--name", "dev")
    assert "omit --name" in found["message"]


def test_the_process_is_what_the_container_would_be(tmp_path: Path) -> None:
    program = HostProgram(arguments=("--listen-address=127.0.0.1:{health}",))
    found = host_process(DEPLOYMENT, "/kai/scheduler", program, tmp_path, tmp_path / "kubeconfig", OBJECTS.__getitem__)
    port = found.ports["health"]
    assert found.command == (
        "/kai/scheduler",
        f"--scheduler-conf={tmp_path}/etc/config/config.yaml",
        "--conf",
        f"{tmp_path}/etc/config",
        "--v=3",
        f"--listen-address=127.0.0.1:{port}",
    )
    assert found.environment == {
        "GOGC": "400",
        "NAMESPACE": "kai-scheduler",
        "KUBECONFIG": f"{tmp_path}/kubeconfig",
        "TMPDIR": f"{tmp_path}/tmp",  # noqa: S108 - a private one
    }
    assert (tmp_path / "etc/config/config.yaml").read_text() == "actions: allocate"
    assert (tmp_path / "tmp/serving-certs/tls.crt").read_bytes() == b"PEM"
    assert program_of(DEPLOYMENT) == "scheduler"
    assert account_of(DEPLOYMENT) == "system:serviceaccount:kai-scheduler:scheduler"


def test_the_kubernetes_scheduler_is_used_only_where_the_real_one_does_not_run() -> None:
    def names(stood_in: tuple[str, ...]) -> list[str]:
        return [each["schedulerName"] for each in scheduler_config(stood_in)["profiles"]]

    assert names(STOOD_IN) == ["default-scheduler", "kai-scheduler"]
    assert names(()) == ["default-scheduler"]


@pytest.mark.parametrize(("text", "version"), [(b"mod\tgithub.com/x/y\tv0.17.0\t\n", "v0.17.0"), (b"path\tx\n", "")])
def test_the_version_is_read_where_the_linker_has_written_it(tmp_path: Path, text: bytes, version: str) -> None:
    modules = os.urandom(16) + text * 20 + os.urandom(16)
    length = bytes([len(modules) & 0x7F | 0x80, len(modules) >> 7])
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF" + b"\xff Go buildinf:" + bytes(18) + b"\x07go1.26.3"[:8] + length + modules)
    assert main_version(file) == version


def test_a_file_that_is_not_a_go_program_has_no_version(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(b"#!/bin/sh\n")
    assert main_version(file) == ""


def test_programs_are_those_of_the_components_images() -> None:
    """The operator and the programs that it runs; each has the name of its image."""
    [programs] = load_scheduler_programs()
    component = load_catalog().component(programs.component)
    assert component
    assert set(programs.programs) <= {image.name for image in component.images.values()}
    assert next(iter(programs.programs)) == "operator"
