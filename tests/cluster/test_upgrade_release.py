"""From release 2026.06 to 2026.11 on a real API server: definitions first, nothing pruned, then nothing left to do."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.bundle.model import Bundle
from blueprint.bundle.reader import read_bundle
from blueprint.catalog.catalog import load_catalog
from blueprint.cli.main import main
from blueprint.cluster.crd_field_loss import lost_fields, values_at
from blueprint.cluster.node_effects import refuse_unsupported
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Refused
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from blueprint.pipeline import compile_blueprint
from tests.support.bundles import apply, bundle, definition, widget
from tests.support.waits import PATIENCE

EXAMPLES = Path(__file__).parents[2] / "examples"
OLD, NEW = "2026.06", "2026.11"
POLICY = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy"


def compiled(example: str, release: str, folder: Path, *more: str) -> Path:
    """The example as a bundle of one release."""
    sets = [f'spec.release="{release}"', *more]
    out = folder / f"{release}-{len(more)}"
    options = [option for each in sets for option in ("--set", each)]
    assert main(["compile", str(EXAMPLES / example / "blueprint.yaml"), "-o", str(out), *options]) == 0
    return out


def test_the_older_release_is_the_major_version_before() -> None:
    versions = [load_catalog().release(name) for name in (OLD, NEW)]
    assert [v.components["gpu-operator"] for v in versions if v] == ["v26.3.3", "v26.7.0"]


@pytest.mark.parametrize("example", ["air-gapped-lab", "mig-inference"])
def test_a_release_is_upgraded_and_then_there_is_nothing_to_do(lab: Any, tmp_path: Path, example: str, capsys) -> None:
    old, new = (compiled(example, release, tmp_path) for release in (OLD, NEW))
    with lab.fresh() as own:
        there = ["--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", str(old), *there]) == 0
        assert main(["plan", "--exit-code", str(old), *there]) == 0
        before = {path: own.request("GET", path)["metadata"]["uid"] for path in (POLICY,)}

        capsys.readouterr()
        assert main(["plan", str(new), *there]) == 0
        told = capsys.readouterr().out
        assert "BP4507" in told
        assert ("580.159.04 -> 580.173.02 is rolled out node by node" in told) is (example == "mig-inference")

        assert main(["apply", str(new), *there]) == 0
        live = own.request("GET", POLICY)
        assert live["metadata"]["uid"] == before[POLICY], "updated in place"
        assert live["spec"]["dcgmExporter"]["serviceMonitor"]["scrapeTimeout"] == "10s", "a field of the new release"
        assert live["spec"]["hostPaths"]["kubeletRootDir"] == "/var/lib/kubelet", "a default of the new definition"

        capsys.readouterr()
        assert main(["apply", str(new), *there]) == 0
        assert "Nothing written" in capsys.readouterr().out
        assert main(["plan", "--exit-code", str(new), *there]) == 0
        assert drifted(new, own) == set()


def test_no_field_that_is_rendered_is_pruned(lab: Any, tmp_path: Path) -> None:
    """Every leaf of every object of the new release is in the cluster after an upgrade."""
    old, new = (compiled("air-gapped-lab", release, tmp_path) for release in (OLD, NEW))
    with lab.fresh() as own:
        cluster = connect(str(own.kubeconfig), timeout=PATIENCE)
        for folder in (old, new):
            assert apply(read_bundle(folder), cluster).exit_code == 0
        plan = make_plan(read_bundle(new), cluster)
        assert [str(step.id) for step in plan.steps if step.fields] == []


def drifted(folder: Path, own: Any) -> set[str]:
    """What drift reports, except that this lab has no nodes."""
    view = ClusterView(connect(str(own.kubeconfig), timeout=PATIENCE))
    report = detect_drift(read_bundle(folder), view)
    return {str(finding) for finding in report.findings if finding.kind is not FindingKind.POOL_SIZE}


KILLED = """
    import os, signal
    from pathlib import Path
    from blueprint.cluster.apply import ApplyOptions, apply_plan
    from blueprint.apiserver.connect import connect
    from blueprint.apiserver.connection import Connection
    from blueprint.cluster.plan import make_plan
    from blueprint.bundle.reader import read_bundle
    left = {writes}
    real = Connection._send
    def deadly(self, method, url, data, headers, told):
        global left
        if method != "GET" and "dryRun" not in url:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(self, method, url, data, headers, told)
    cluster = connect({kubeconfig!r}, timeout={seconds})
    plan = make_plan(read_bundle(Path({folder!r})), cluster)
    Connection._send = deadly
    apply_plan(plan, cluster, ApplyOptions(timeout={seconds}))
"""


def test_an_upgrade_that_is_killed_half_way_is_finished_by_the_next_run(lab: Any, tmp_path: Path) -> None:
    old, new = (compiled("mig-inference", release, tmp_path) for release in (OLD, NEW))
    with lab.fresh() as own:
        there = ["--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", str(old), *there]) == 0
        for writes in (1, 4, 9):
            text = textwrap.dedent(KILLED).format(
                seconds=PATIENCE, writes=writes, kubeconfig=str(own.kubeconfig), folder=str(new)
            )
            done = subprocess.run([sys.executable, "-c", text], check=False, capture_output=True, text=True)
            assert done.returncode == -signal.SIGKILL, done.stderr
        assert main(["apply", str(new), *there]) == 0
        assert main(["plan", "--exit-code", str(new), *there]) == 0
        assert drifted(new, own) == set()


def test_going_back_is_refused_before_anything_is_written(lab: Any, tmp_path: Path, capsys) -> None:
    old, new = (compiled("mig-inference", release, tmp_path) for release in (OLD, NEW))
    with lab.fresh() as own:
        there = ["--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", str(new), *there]) == 0
        version = own.request("GET", POLICY)["metadata"]["resourceVersion"]
        capsys.readouterr()
        assert main(["apply", str(old), *there]) == 1
        assert "BP4520" in capsys.readouterr().out
        assert own.request("GET", POLICY)["metadata"]["resourceVersion"] == version


def narrower(group: str) -> Any:
    """The definition of widgets without `spec.size`."""
    data = definition(group)
    schema = data["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    schema["properties"] = {"other": {"type": "string"}}
    schema.pop("required", None)
    return data


def test_a_definition_that_loses_a_field_in_use_is_found_before_anything_is_written(cluster: Any, unique: str) -> None:
    group = f"{unique}.example.com"
    assert apply(bundle(unique, definition(group), widget(group)), cluster).exit_code == 0

    wanted = bundle(unique, narrower(group), digest="d2")
    plan = make_plan(wanted, cluster)

    [found] = [d for d in plan.diagnostics if d.code.id == "BP7050"]
    assert "spec.size" in found.message
    assert "Widget/" in found.message
    with pytest.raises(Refused):
        refuse_unsupported(plan, allowed=False)
    refuse_unsupported(plan, allowed=True)


def test_a_definition_that_only_grows_is_not_complained_about(cluster: Any, unique: str) -> None:
    group = f"{unique}.example.com"
    assert apply(bundle(unique, narrower(group)), cluster).exit_code == 0
    plan = make_plan(bundle(unique, definition(group), digest="d2"), cluster)
    assert [d for d in plan.diagnostics if d.code.id == "BP7050"] == []


def test_lost_fields_are_found_in_lists_and_maps_and_not_where_everything_is_kept() -> None:
    old = {"properties": {"a": {"items": {"properties": {"b": {"type": "string"}}}}, "c": {"properties": {"d": {}}}}}
    new = {"properties": {"a": {"items": {"properties": {}}}, "c": {"x-kubernetes-preserve-unknown-fields": True}}}
    assert [way for way, _ in lost_fields(old, new)] == [("a", "*", "b")]
    assert list(values_at(("a", "*", "b"), {"a": [{"b": 1}, {}, {"b": 2}]})) == [1, 2]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("spec.components.gpu-operator.settings.exporterScrapeTimeout", "5s", "exporterScrapeTimeout"),
        ("spec.components.gpu-operator.settings.operatorServiceMonitor", "true", "operatorServiceMonitor"),
        ("spec.cluster.kubeletRoot", "/data/kubelet", "kubeletRoot"),
    ],
)
def test_what_the_older_release_lacks_is_refused_and_never_dropped(path: str, value: str, said: str) -> None:
    example = str(EXAMPLES / "mig-inference" / "blueprint.yaml")
    found = compile_blueprint(example, sets=[f'spec.release="{OLD}"', f"{path}={value}"])
    [problem] = [d for d in found.diagnostics if d.code.id == "BP3207"]
    assert said in problem.message
    assert f"release {OLD}" in problem.message
    assert NEW in (problem.help or "")
    assert found.bundle is None
    newer = compile_blueprint(example, sets=[f'spec.release="{NEW}"', f"{path}={value}"])
    assert [d for d in newer.diagnostics if d.code.id == "BP3207"] == []


@pytest.mark.parametrize("example", sorted(file.parent.name for file in EXAMPLES.glob("*/blueprint.yaml")))
def test_every_example_is_rendered_for_the_older_release_or_refused_by_name(example: str) -> None:
    """Nothing of the newer release is rendered for the older one."""
    found = compile_blueprint(str(EXAMPLES / example / "blueprint.yaml"), sets=[f'spec.release="{OLD}"'])
    if isinstance(found.bundle, Bundle):
        text = "".join(data.decode() for name, data in (found.files or {}).items() if name.startswith("manifests/"))
        assert "v26.7.0" not in text
        assert "v0.19.0" not in text
    else:
        assert any(OLD in d.message or "26.3.3" in d.message for d in found.diagnostics), found.diagnostics
