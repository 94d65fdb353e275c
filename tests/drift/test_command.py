"""`blueprint drift` and `blueprint snapshot` as commands: output, exit codes, and the files that they write."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.cli.main import main

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: {name}, version: 1.0.0}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36.3"}}
  nodePools:
    none: {{nodes: {{min: 0, max: 0}}, selector: {{bench: none}}}}
  components:
    nfd: {{ownership: absent}}
    gpu-operator: {{ownership: absent}}
  extraManifests: [config.yaml]
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
data:
  mode: fast
"""

Command = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def platform(lab: Any, namespace: str, tmp_path: Path) -> Path:
    """A compiled and applied bundle of one ConfigMap."""
    name = f"cmd-{uuid.uuid4().hex[:8]}"
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT.format(name=name))
    (tmp_path / "config.yaml").write_text(CONFIG.format(name="web", namespace=namespace))
    assert main(["compile", str(tmp_path / "blueprint.yaml"), "-o", str(tmp_path / "bundle")]) == 0
    assert main(["apply", str(tmp_path / "bundle"), "--kubeconfig", str(lab.kubeconfig)]) == 0
    return tmp_path / "bundle"


@pytest.fixture
def told(lab: Any, tmp_path: Path) -> Command:
    """Run a verb; returns its exit code and its JSON report."""

    def run(*arguments: object, kubeconfig: object = "") -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        place = [] if kubeconfig is None else ["--kubeconfig", str(kubeconfig or lab.kubeconfig)]
        code = main([*map(str, arguments), *place, "--report", f"json={report}", "--report", "text"])
        return code, json.loads(report.read_text())

    return run


def change(connection: Connection, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/web"
    connection.patch(path, {"data": {"mode": "slow"}}, "kubectl-edit")


def test_clean_then_drift_then_restored(
    platform: Path, told: Command, connection: Connection, namespace: str, lab: Any
) -> None:
    assert told("drift", platform)[0] == 0
    change(connection, namespace)

    code, report = told("drift", platform)

    assert code == 1
    text = json.dumps(report)
    assert "kubectl-edit" in text
    assert "config.yaml" in text  # the line that is contradicted
    assert main(["apply", str(platform), "--force-conflicts", "--kubeconfig", str(lab.kubeconfig)]) == 0
    assert told("drift", platform)[0] == 0


def test_the_blueprint_itself_is_a_target(platform: Path, told: Command) -> None:
    assert told("drift", platform.parent / "blueprint.yaml")[0] == 0


def test_an_edited_file_of_the_bundle_is_named(platform: Path, told: Command) -> None:
    [manifest] = (platform / "manifests").rglob("*.yaml")
    manifest.write_text(manifest.read_text().replace("fast", "slow"))

    code, report = told("drift", platform)

    assert code == 1
    assert "BP4011" in json.dumps(report)


def test_an_edited_lock_is_named(platform: Path, told: Command) -> None:
    lock = platform / "blueprint.lock"
    lock.write_text(lock.read_text().replace("1.0.0", "1.0.1"))

    code, report = told("drift", platform)

    assert code == 1
    assert "BP4012" in json.dumps(report)


def test_snapshot_then_drift_without_the_cluster(
    platform: Path, told: Command, connection: Connection, namespace: str, tmp_path: Path
) -> None:
    change(connection, namespace)
    file = tmp_path / "state.json.gz"

    assert told("snapshot", platform, "-o", file)[0] == 0
    code, report = told("drift", platform, "--snapshot", file, kubeconfig=None)

    assert code == 1
    assert "kubectl-edit" in json.dumps(report)
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scope", "moon"],
        ["--scope", ","],
        ["--scope", "nodes"],
        ["--scope", "objects", "--readings", "."],
        ["--snapshot", "none.json"],
        ["--readings", "/nonexistent"],
    ],
)
def test_what_cannot_be_asked_is_refused(platform: Path, told: Command, arguments: list[str]) -> None:
    assert told("drift", platform, *arguments)[0] == 2


def test_an_unreachable_cluster_exits_2(platform: Path, told: Command, lab: Any, tmp_path: Path) -> None:
    config = lab.kubeconfig.read_text().replace(lab.server, "https://127.0.0.1:1")
    (tmp_path / "kubeconfig").write_text(config)

    code, report = told("drift", platform, kubeconfig=tmp_path / "kubeconfig")

    assert code == 2
    assert "BP7005" in json.dumps(report)


def test_a_report_says_what_was_compared_when_and_by_whom(
    platform: Path, told: Command, lab: Any, tmp_path: Path
) -> None:
    """This makes it evidence; the report also states that it is not signed."""
    code, report = told("drift", platform)
    subject = report["subject"]
    assert code == 0
    uid = cluster_uid(lab)
    assert subject["cluster"] == uid
    assert uid in report["title"]
    assert set(subject) >= {
        "blueprint", "release", "bundle", "context", "endpoint", "server", "cluster",
        "compared", "tool", "by", "signature",
    }  # fmt: skip
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(f"{time} to {time}", subject["compared"])
    assert any("does not declare" in each for each in report["notAsked"])


def test_a_report_of_a_snapshot_names_the_cluster_the_time_and_the_digest(
    platform: Path, told: Command, lab: Any, tmp_path: Path
) -> None:
    file = tmp_path / "snap.json"
    _, taken = told("snapshot", platform, "-o", file)
    uid = cluster_uid(lab)
    assert uid in taken["title"]
    _, report = told("drift", platform, "--snapshot", file, kubeconfig=None)
    subject = report["subject"]
    assert (subject["cluster"], subject["taken"]) == (uid, taken["subject"]["taken"])
    assert subject["snapshot"] == json.loads(file.read_bytes())["digest"]


def test_the_commit_of_the_blueprint_is_named(platform: Path, told: Command) -> None:
    folder = platform.parent
    assert "revision" not in told("drift", platform)[1]["subject"]
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    target = folder / "blueprint.yaml"
    assert told("drift", target)[1]["subject"]["revision"].startswith(head)
    (folder / "config.yaml").write_text((folder / "config.yaml").read_text() + "# why\n")
    assert told("drift", target)[1]["subject"]["revision"] == f"{head} with changes"


def cluster_uid(lab: Any) -> str:
    connection = connect(str(lab.kubeconfig))
    return str(connection.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])
