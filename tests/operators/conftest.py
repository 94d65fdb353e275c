"""The real Node Feature Discovery, the real Kueue, and the real GPU Operator if its image's root folder is given.

NFD is built from pinned modules. The GPU Operator cannot be: its releases are not in the form that Go's module
proxies serve. BLUEPRINT_GPU_OPERATOR names the folder into which its image was unpacked; without it those tests
do not run, and the summary says so. Kueue's newest version in that form is older than ours; BLUEPRINT_KUEUE names a
manager of ours that was built from its source. BLUEPRINT_KAI names the folder with KAI's programs, built from theirs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.lab.assets import find, find_all
from blueprint.lab.install import install
from blueprint.lab.pins import QUEUES
from blueprint.pipeline import compile_blueprint
from tests.support.go_tools import MUST_BUILD
from tests.support.operators.discovery import NFD
from tests.support.operators.operated import Operated

EXAMPLES = Path(__file__).parents[2] / "examples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a program which cannot be built here."""
    marks = {"operator_image": "gpu_operator", "pinned_kueue_image": "pinned_kueue", "kai_programs": "kai"}
    for item in items:
        for fixture in marks.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(marks[fixture])


@pytest.fixture(scope="session")
def nfd_image() -> dict[str, Path]:
    """The root folder of NFD's image."""
    return {"/usr/bin": NFD.built()}


@pytest.fixture(scope="session")
def kueue_image() -> tuple[dict[str, Path], bool]:
    """The root folder of Kueue's image, and whether it is the rendered version."""
    given = os.environ.get("BLUEPRINT_KUEUE")
    return {"/manager": Path(given) if given else _built()}, bool(given)


@pytest.fixture(scope="session")
def pinned_kueue_image() -> dict[str, Path]:
    """The root folder of the image of the rendered Kueue version."""
    given = os.environ.get("BLUEPRINT_KUEUE")
    if not given:
        pytest.skip("BLUEPRINT_KUEUE names no manager that was built from the source of the version that is rendered")
    return {"/manager": Path(given)}


def _built() -> Path:
    """The binaries that `lab install --with-kueue` builds; with BLUEPRINT_REQUIRE_LAB=1 they are built now."""
    if MUST_BUILD:
        install(QUEUES, progress=lambda line: sys.stderr.write(f"{line}\n") and None)
    if found := find(*QUEUES):
        return Path(found.path)
    pytest.skip("there is no kueue: build it with `blueprint lab install --with-kueue` (ten minutes on two cores)")


@pytest.fixture(scope="session")
def kai_programs() -> Path:
    """The folder with KAI's programs."""
    given = os.environ.get("BLUEPRINT_KAI")
    if not given:
        pytest.skip("BLUEPRINT_KAI names no folder with the programs of KAI, built from their source")
    return Path(given)


@pytest.fixture(scope="session")
def operator_image() -> dict[str, Path]:
    """The root folder of the GPU Operator's image."""
    given = os.environ.get("BLUEPRINT_GPU_OPERATOR")
    if not given:
        pytest.skip("BLUEPRINT_GPU_OPERATOR names no folder with the unpacked image nvcr.io/nvidia/gpu-operator")
    root = Path(given)
    return {"/usr/bin": root / "usr/bin", "/opt/gpu-operator": root / "opt/gpu-operator"}


@pytest.fixture(scope="module")
def operated(request: pytest.FixtureRequest, lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """The blueprint that the test names, applied to a control plane of its own with controllers."""
    try:
        find_all(controllers=True)
    except Refused as refused:
        pytest.skip(str(refused))
    compilation = compile_blueprint(str(_blueprint(request.param)))
    with lab.fresh(controllers=True) as own:
        started = Operated.start(compilation, own, tmp_path_factory.mktemp("pods"))
        yield started
        started.close()


def _blueprint(name: str) -> Path:
    """An example, or a blueprint next to this file."""
    mine = Path(__file__).with_name(f"{name}.yaml")
    return mine if mine.exists() else EXAMPLES / name / "blueprint.yaml"
