"""The stages of the migration from the device plugin to claims: each is valid, and the one that drains
nodes states it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.report.topics import explain

FOLDER = Path(__file__).parents[2] / "examples" / "dra-migration"
STAGES = sorted(file.name for file in FOLDER.glob("[0-9]-*.yaml"))


def overlays(stage: int) -> list[str]:
    """The files of the stages up to this one."""
    return [str(FOLDER / name) for name in STAGES[:stage]]


def compiled(stage: int) -> Compilation:
    done = compile_blueprint(str(FOLDER / "blueprint.yaml"), overlays=overlays(stage))
    assert done.bundle, done.diagnostics
    return done


def objects(stage: int) -> dict[str, dict[str, Any]]:
    bundle = compiled(stage).bundle
    return {f"{one.id.kind}/{one.id.name}": one.data for one in bundle.objects} if bundle else {}


@pytest.mark.parametrize("stage", range(len(STAGES) + 1))
def test_every_stage_is_valid_without_findings(stage: int) -> None:
    assert compiled(stage).diagnostics == ()


def test_exactly_one_program_allocates_gpus_in_every_stage() -> None:
    programs = [
        {"plugin": "DaemonSet/nvidia-device-plugin" in made, "claims": "DeviceClass/gpu.nvidia.com" in made}
        for made in map(objects, range(len(STAGES) + 1))
    ]
    assert [sum(each.values()) for each in programs] == [1, 1, 1, 1]
    assert [each["claims"] for each in programs] == [False, False, True, True]


def test_requests_by_number_are_served_until_the_last_stage() -> None:
    names = [objects(stage)["DeviceClass/gpu.nvidia.com"]["spec"].get("extendedResourceName") for stage in (2, 3)]
    assert names == ["nvidia.com/gpu", None]


def test_the_stage_that_removes_the_device_plugin_requires_a_drain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundles = []
    for stage in (1, 2, 3):
        out = str(tmp_path / str(stage))
        arguments = [part for file in overlays(stage) for part in ("--overlay", file)]
        assert main(["compile", str(FOLDER / "blueprint.yaml"), *arguments, "-o", out]) == 0
        bundles.append(out)
    capsys.readouterr()
    assert main(["diff", bundles[0], bundles[1]]) == 1
    assert "BP4521" in capsys.readouterr().out
    assert main(["diff", bundles[1], bundles[2]]) == 1
    assert "BP4521" not in capsys.readouterr().out


def test_the_topic_names_every_stage_and_the_examples() -> None:
    text = explain("dra-migration")
    assert text
    for word in ("Stage 1", "Stage 2", "Stage 3", "examples/dra-migration", "--allow-unsupported", "extendedResources"):
        assert word in text
