"""The stages of the migration from the device plugin to claims, applied in order to a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main

FOLDER = Path(__file__).parents[2] / "examples" / "dra-migration"
STAGES = sorted(file.name for file in FOLDER.glob("[0-9]-*.yaml"))
WITHOUT_MONITORS = ("--set", "spec.observability=null")
"""The lab serves none of the Prometheus Operator's kinds."""
PLUGIN = "nvidia-device-plugin"
DRIVER = "DaemonSet/dra-driver-nvidia-gpu/dra-driver-nvidia-gpu-kubelet-plugin"


class Migration:
    """A cluster, and the current stage."""

    def __init__(self, own: Any, report: Path) -> None:
        self.own = own
        self.report = report

    def target(self, stage: int) -> list[str]:
        """The arguments that name a stage."""
        overlays = [part for name in STAGES[:stage] for part in ("--overlay", str(FOLDER / name))]
        return [str(FOLDER / "blueprint.yaml"), *overlays, *WITHOUT_MONITORS, "--kubeconfig", str(self.own.kubeconfig)]

    def left_alone(self, stage: int) -> set[str]:
        """The objects that the plan reports as no longer rendered, and nothing else: nothing is deleted or replaced."""
        main(["plan", *self.target(stage), "--report", f"json={self.report}"])
        report = json.loads(self.report.read_text("utf-8"))
        named = {each["subject"] for each in report["diagnostics"] if each["code"] == "BP7039"}
        assert len(named) == report["changeCounts"].get("delete", 0)
        assert "replace" not in report["changeCounts"]
        return named

    def apply(self, stage: int, *arguments: str) -> int:
        """The exit code of `apply`."""
        return main(["apply", *self.target(stage), *arguments])

    def programs(self) -> set[str]:
        """The DaemonSets that allocate GPUs in the cluster."""
        listed = json.loads(self.own.kubectl("get", "daemonsets", "-A", "-o", "json").stdout)["items"]
        found = {f"DaemonSet/{each['metadata']['namespace']}/{each['metadata']['name']}" for each in listed}
        return found & {f"DaemonSet/{PLUGIN}/{PLUGIN}", DRIVER}

    def extended_name(self) -> str | None:
        """The resource for which the scheduler creates claims of the class of whole GPUs."""
        held = json.loads(self.own.kubectl("get", "deviceclass", "gpu.nvidia.com", "-o", "json").stdout)
        name: str | None = held["spec"].get("extendedResourceName")
        return name


@pytest.fixture
def migration(lab: Any, tmp_path: Path) -> Iterator[Migration]:
    with lab.fresh() as own:
        yield Migration(own, tmp_path / "plan.json")


def test_each_stage_follows_the_one_before(migration: Migration, capsys: pytest.CaptureFixture[str]) -> None:
    assert migration.apply(0) == 0
    of_sharing = migration.left_alone(1)
    assert {name.rpartition("-")[0] for name in of_sharing} == {f"ConfigMap/{PLUGIN}/device-plugin"}
    assert migration.apply(1) == 0
    assert migration.programs() == {f"DaemonSet/{PLUGIN}/{PLUGIN}"}

    left = migration.left_alone(2)
    assert of_sharing < left
    assert {f"DaemonSet/{PLUGIN}/{PLUGIN}", f"DaemonSet/{PLUGIN}/gpu-feature-discovery"} < left
    capsys.readouterr()
    assert migration.apply(2) == 1, "one program takes the GPUs over from another"
    assert "BP4521" in capsys.readouterr().out
    assert migration.programs() == {f"DaemonSet/{PLUGIN}/{PLUGIN}"}, "nothing was written"
    migration.own.kubectl("delete", "daemonset", "--namespace", PLUGIN, "--all")
    assert migration.apply(2, "--allow-unsupported") == 0
    assert migration.programs() == {DRIVER}
    assert migration.extended_name() == "nvidia.com/gpu"

    gone = {name for name in left if name.startswith("DaemonSet/")}
    assert migration.left_alone(3) == left - gone
    assert migration.apply(3) == 0
    assert migration.programs() == {DRIVER}
    assert migration.extended_name() is None
    assert migration.left_alone(3) == left - gone, "what is no longer rendered is named until somebody deletes it"
