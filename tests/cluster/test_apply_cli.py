"""The verbs plan and apply as users run them: exit codes, stdout and stderr, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.cli import prompts
from blueprint.cli.main import main
from blueprint.cluster.plan import make_plan
from blueprint.cluster.planfile import save_plan
from tests.support.bundles import bundle, config_map, deployment, namespace, patch_as, pool
from tests.support.waits import PATIENCE, eventually

EMPTY = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: {name}, version: 1.2.3}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36.3"}}
  nodePools:
    none: {{nodes: {{min: 0, max: 0}}, selector: {{bench: none}}}}
  components:
    nfd: {{ownership: absent}}
    gpu-operator: {{ownership: absent}}
"""
BLUEPRINT = [sys.executable, "-m", "blueprint.cli.main"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BLUEPRINT, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def plan_file(tmp_path: Path, cluster, unique) -> Path:
    """A saved plan for a namespace with two objects: a target that needs no compiler."""
    path = tmp_path / "plan.json"
    save_plan(make_plan(bundle(unique, namespace(unique), config_map(unique), deployment(unique)), cluster), path)
    return path


def test_apply_tells_progress_on_stderr_and_the_result_on_stdout(lab, plan_file, unique) -> None:
    kubeconfig = ["--kubeconfig", str(lab.kubeconfig)]
    first = run("apply", str(plan_file), *kubeconfig)
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"Namespace/{unique}" in first.stderr
    assert "created" in first.stderr
    assert "3 written" in first.stdout
    second = run("apply", str(plan_file), *kubeconfig)
    assert (second.returncode, "Nothing written, 3 unchanged" in second.stdout) == (0, True)


def test_the_json_report_of_an_apply_is_whole(lab, plan_file) -> None:
    done = run("apply", str(plan_file), "--kubeconfig", str(lab.kubeconfig), "--report", "json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert len(told["changes"]) == 3


def test_a_conflict_exits_1_and_force_takes_it(lab, cluster, plan_file, unique) -> None:
    kubeconfig = ["--kubeconfig", str(lab.kubeconfig)]
    run("apply", str(plan_file), *kubeconfig)
    edit = {"data": {"mode": "theirs"}}
    patch_as("kubectl-edit", cluster, f"/api/v1/namespaces/{unique}/configmaps/settings", edit)
    wanted = bundle(unique, namespace(unique), config_map(unique), deployment(unique))
    save_plan(make_plan(wanted, cluster), plan_file)

    refused = run("apply", str(plan_file), *kubeconfig)
    assert refused.returncode == 1
    assert "kubectl-edit" in refused.stdout
    forced = run("apply", str(plan_file), *kubeconfig, "--force-conflicts")
    assert (forced.returncode, "taken-over" in forced.stdout) == (0, True)


def test_an_unreachable_cluster_exits_2_with_a_sentence(tmp_path, plan_file) -> None:
    config = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    done = run("apply", str(plan_file), "--kubeconfig", str(path))
    assert done.returncode == 2
    assert "BP7005" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_plan_of_the_example_has_an_exit_code_for_changes(lab, tmp_path) -> None:
    example = Path(__file__).parents[2] / "examples" / "h100-training" / "blueprint.yaml"
    command = ["plan", str(example), "--kubeconfig", str(lab.kubeconfig)]
    assert run(*command).returncode == 0
    out = tmp_path / "plan.json"
    assert run(*command, "--exit-code", "-o", str(out)).returncode == 1
    assert out.is_file()


def test_ctrl_c_exits_130_tells_what_is_live_and_the_next_run_goes_on(lab, cluster, tmp_path, unique) -> None:
    """Interrupted while it waits for an object with a finalizer: it does not wait until its timeout."""
    held = config_map(unique, "held")
    held["metadata"]["finalizers"] = ["example.com/held"]
    cluster.post("/api/v1/namespaces", namespace(unique), "somebody")
    cluster.post(f"/api/v1/namespaces/{unique}/configmaps", held, "somebody")
    cluster.delete(f"/api/v1/namespaces/{unique}/configmaps/held")
    wanted = bundle(unique, namespace(unique), config_map(unique), config_map(unique, "held"), deployment(unique))
    path = tmp_path / "plan.json"
    save_plan(make_plan(wanted, cluster), path)
    command = [*BLUEPRINT, "apply", str(path), "--kubeconfig", str(lab.kubeconfig), "--timeout", "60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    settings = f"/api/v1/namespaces/{unique}/configmaps"
    eventually(lambda: len(cluster.list(settings)) == 2, "both ConfigMaps are there")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "interrupted" in out
    assert "ConfigMap" in out
    cluster.patch(f"{settings}/held", {"metadata": {"finalizers": None}}, "somebody")
    save_plan(make_plan(wanted, cluster), path)
    assert run("apply", str(path), "--kubeconfig", str(lab.kubeconfig)).returncode == 0


def test_a_node_pool_shows_in_the_plan(cluster, unique) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": unique, "labels": {"p": unique}}}
    cluster.post("/api/v1/nodes", node, "provisioner")
    plan = make_plan(bundle(unique, pools=(pool("a", {"p": unique}, labels={"x": "y"}),)), cluster)
    assert [str(change.id) for change in plan.changes] == [f"Node/{unique}"]


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The questions are answered, in order."""

    def answering(answers: str) -> None:
        monkeypatch.setattr(prompts, "on_a_terminal", lambda: True)
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))

    return answering


def test_on_a_terminal_the_plan_and_the_cluster_are_shown_before_anything_is_written(
    lab, cluster, plan_file, unique, at_a_terminal, capsys
) -> None:
    arguments = ["apply", str(plan_file), "--kubeconfig", str(lab.kubeconfig)]
    uid = cluster.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    at_a_terminal("what\nn\n")
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert f"+   Namespace/{unique}" in shown.err
    assert (
        f"Apply this to {cluster.context} ({cluster.endpoint.server}, {cluster.version}, uid {uid})? (y, n)"
        in shown.err
    )
    assert "answer y or n" in shown.err
    assert "Declined: nothing was written" in shown.out
    assert not [each for each in cluster.list("/api/v1/namespaces") if each["metadata"]["name"] == unique]
    at_a_terminal("y\n")
    assert main(arguments) == 0
    assert "3 written" in capsys.readouterr().out


def test_with_yes_and_with_nothing_to_do_nobody_is_asked(lab, plan_file, at_a_terminal, capsys) -> None:
    at_a_terminal("")
    arguments = ["apply", str(plan_file), "--kubeconfig", str(lab.kubeconfig)]
    assert main([*arguments, "--yes"]) == 0
    assert main(arguments) == 0
    assert "Apply this to" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_the_first_line_names_blueprint_and_cluster(verb, lab, cluster, unique, tmp_path, capsys) -> None:
    uid = cluster.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    (tmp_path / "blueprint.yaml").write_text(EMPTY.format(name=unique))
    assert main([verb, str(tmp_path / "blueprint.yaml"), "--kubeconfig", str(lab.kubeconfig)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(("what applying ", "applying "))
    assert f"{unique} 1.2.3" in first
    assert f"{cluster.context} ({cluster.endpoint.server}, {cluster.version}, uid {uid})" in first
