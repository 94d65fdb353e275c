"""Documents of v1alpha1: read with a note, with their original meaning, and converted to the same platform."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprint.diagnostics import Refused, Severity
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.source.files import MemoryFiles
from blueprint.source.yaml_writer import inline
from blueprint.spec import versions
from blueprint.spec.conversion import converted_in_place

FILE = "blueprint.yaml"
CURRENT = versions.LANGUAGE.current
HEAD = "apiVersion: gpublueprint.dev/v1alpha1\nkind: Blueprint\nmetadata: {name: old}\n"
TEXT = (
    HEAD
    + """\
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  nodePools:
    train:
      nodes: 4
      selector: {acme.example/pool: train}
      gpu: {product: H100-SXM5-80GB, count: 8}
      # who brings it
      driver: {owner: operator, branch: "580"}   # since March
"""
)


def compiled(text: str, **others: str) -> Compilation:
    files = {FILE: text} | {f"{name}.yaml": other for name, other in others.items()}
    return compile_blueprint(FILE, files=MemoryFiles(files))


def converted(text: str, file: str = FILE, **others: str) -> str:
    files = MemoryFiles({file: text} | {f"{name}.yaml": other for name, other in others.items()})
    return converted_in_place(text, file, CURRENT, versions.LANGUAGE, files)


def values(done: Compilation) -> dict[str, Any]:
    """What a document leads to: manifests, images, expectations and prerequisites, and what is wrong with it.

    Not where it was written: lines and numbers of lines differ between the versions.
    """
    found: dict[str, Any] = {
        "problems": sorted((each.code.id, each.message) for each in done.diagnostics if _counts(each))
    }
    if done.files is None or done.bundle is None:
        return found
    found |= {name: text for name, text in done.files.items() if name.startswith("manifests/") or name == "images.txt"}
    found["expectations"] = sorted((each.pool, each.check, repr(each.parameters)) for each in done.bundle.expectations)
    found["prerequisites"] = [
        (each["scope"], each["what"]) for each in json.loads(done.files["prerequisites.json"])["prerequisites"]
    ]
    return found


def _counts(diagnostic: Any) -> bool:
    return diagnostic.code.id != "BP2012" and diagnostic.severity is not Severity.NOTE


def test_it_is_read_with_one_note_at_its_version() -> None:
    done = compiled(TEXT)
    [note] = done.diagnostics
    assert (note.code.id, note.severity, note.at.line if note.at else 0) == ("BP2012", Severity.NOTE, 1)
    assert note.help == f"convert it with `blueprint convert {FILE} -o {FILE}`"
    assert done.bundle


def test_conversion_keeps_comments_and_every_other_byte() -> None:
    new = converted(TEXT)
    assert new == TEXT.replace("v1alpha1", "v1alpha2").replace(
        'driver: {owner: operator, branch: "580"}   # since March\n',
        'driver: {branch: "580"}   # since March\n      owner:\n        driver: operator\n',
    ) + ("  nodeLabels: provisioner\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clusterPolicy", "gpuStack: operator\n  allocation: devicePlugin"),
        ("gpuCluster", "gpuStack: operator\n  allocation: dra"),
        ("standalone", "gpuStack: standalone\n  allocation: devicePlugin"),
    ],
)
def test_three_stacks_become_two_answers(old: str, new: str) -> None:
    text = TEXT.replace("spec:\n", f"spec:\n  gpuStack: {old} # why\n")
    assert f"  {new} # why\n" in converted(text)
    assert values(compiled(text)) == values(compiled(converted(text)))


def test_an_impossible_stack_is_rejected_by_name() -> None:
    [found, *_] = [each for each in compiled(TEXT + "  gpuStack: clusterpolicies\n").diagnostics if _counts(each)]
    assert (found.code.id, found.at.line if found.at else 0) == ("BP2005", 14)


def test_the_default_of_node_labels_stays_what_it_was() -> None:
    done = compiled(TEXT)
    assert done.platform
    assert done.platform.node_labels == "provisioner"
    new = compiled(TEXT.replace("v1alpha1", "v1alpha2").replace("driver: {owner: operator, ", "driver: {"))
    assert new.platform
    assert new.platform.node_labels == "apply"


def test_a_default_that_an_overlay_sets_is_not_written_out() -> None:
    overlay = "apiVersion: gpublueprint.dev/v1alpha1\nkind: Overlay\nspec: {nodeLabels: apply}\n"
    text = TEXT.replace("spec:\n", "extends: [house.yaml]\nspec:\n", 1)
    new = converted(text, house=overlay)
    assert "nodeLabels" not in new
    assert values(compiled(text, house=overlay)) == values(compiled(new, house=converted(overlay, "house.yaml")))


@pytest.mark.parametrize(
    ("extends", "kept", "cluster"),
    [
        ("extends: [gke-ubuntu]\n", "", {"distribution": "gke", "os": "ubuntu-24.04"}),
        ("# our cloud\nextends: # the cloud\n  - eks # Amazon\n", "", {"distribution": "eks"}),
        ("extends: [eks, house.yaml]\n", "extends: [house.yaml]\n", {"distribution": "eks"}),
        ("extends:\n  - house.yaml\n  - aks # Azure\n", "extends:\n  - house.yaml\n", {"distribution": "aks"}),
    ],
)
def test_a_cloud_is_named_by_the_cluster_instead_of_extends(extends: str, kept: str, cluster: dict[str, str]) -> None:
    overlay = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nspec: {nodeLabels: provisioner}\n"
    text = TEXT.replace("spec:\n", f"{extends}spec:\n", 1).replace("driver: {owner: operator, ", "driver: {")
    new = converted(text, house=overlay)
    assert new.partition("spec:")[0].endswith(kept + "") is True
    assert ("extends" in new) == bool(kept)
    for key, value in cluster.items():
        assert f"{key}: {value}" in new
    assert {word for word in ("# our cloud", "# the cloud", "# Amazon", "# Azure") if word in extends} <= set(
        re.findall(r"# [\w ]+", new)
    )
    assert values(compiled(text, house=overlay)) == values(compiled(new, house=overlay))


def test_a_cloud_among_overlays_of_one_rank_is_not_converted_to_what_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        converted(TEXT.replace("spec:\n", "extends: [[gke]]\nspec:\n", 1))
    [found] = caught.value.diagnostics
    assert (found.code.id, "gke" in found.message) == ("BP2011", True)


def test_extends_cannot_name_a_cloud_any_more() -> None:
    text = TEXT.replace("v1alpha1", "v1alpha2").replace("spec:\n", "extends: [gke]\nspec:\n", 1)
    [found, *_] = [each for each in compiled(text).diagnostics if each.code.id == "BP1012" or "cloud" in each.message]
    assert found.severity is Severity.ERROR
    assert found.help == "declare the cloud in the blueprint: spec.cluster: {distribution: gke, os: cos}"


def test_keys_of_the_new_version_are_refused_in_a_document_of_the_old_one() -> None:
    with pytest.raises(Refused) as caught:
        compiled(TEXT + "  poolLabel: acme.example/pool\n")
    [found] = caught.value.diagnostics
    assert (found.code.id, found.at.line if found.at else 0) == ("BP2001", 14)
    assert found.message == "spec.poolLabel exists only in v1alpha2, but the document is written in v1alpha1"


def test_settings_of_the_command_line_speak_the_version_of_the_blueprint() -> None:
    sets = ["spec.gpuStack=gpuCluster", "spec.nodePools.train.driver.owner=host"]
    done = compile_blueprint(FILE, files=MemoryFiles({FILE: TEXT}), sets=sets)
    assert done.platform
    [pool] = done.platform.gpu_pools
    assert (done.platform.allocation, pool.driver.owner) == ("dra", "host")


@pytest.mark.parametrize(
    "overlay",
    [
        "{nodePools: {train: {driver: null}}}",
        "{nodePools: {train: {driver: {owner: null}}}}",
        "{nodePools: {train: {owner: null}}}",
        "{nodePools: {train: {driver: {owner: host}}}}",
        "{gpuStack: standalone, nodePools: {train: {driver: {owner: host}, owner: {toolkit: host}}}}",
        "{gpuStack: gpuCluster}",
        "{nodePools: {train: {driver: {owner: host}, owner: null}}}",
    ],
)
def test_overlays_replace_and_remove_what_they_did(overlay: str) -> None:
    base = HEAD.replace("Blueprint", "Overlay") + (
        "spec: {gpuStack: clusterPolicy, nodePools: {train: "
        "{driver: {owner: provider, branch: '580'}, owner: {toolkit: provider}}}}\n"
    )
    top = HEAD.replace("Blueprint", "Overlay") + f"spec: {overlay}\n"
    text = TEXT.replace("spec:\n", "extends: [base.yaml, top.yaml]\nspec:\n", 1)
    text = text.replace('      driver: {owner: operator, branch: "580"}   # since March\n', "")
    old = compiled(text, base=base, top=top)
    new_layers = {"base": converted(base, "base.yaml"), "top": converted(top, "top.yaml")}
    assert values(compiled(text, **new_layers)) == values(old), "documents of both versions mix"
    new = compiled(converted(text, base=base, top=top), **new_layers)
    assert values(new) == values(old)


# ---------------------------------------------------------------------------------------------------------------------
# Generated documents

OWNERS = st.sampled_from(["operator", "host", "provider"])
GPUS = st.sampled_from([("H100-SXM5-80GB", 8), ("L4", 1), ("A100-SXM4-80GB", 4)])


@st.composite
def pools(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A pool of v1alpha1."""
    pool: dict[str, Any] = {"nodes": draw(st.integers(1, 9)), "selector": {"acme.example/pool": name}}
    if not draw(st.booleans()):
        return pool
    product, count = draw(GPUS)
    pool["gpu"] = {"product": product, "count": count}
    if driver := draw(st.dictionaries(st.sampled_from(["owner", "branch"]), st.just(""), max_size=2)):
        pool["driver"] = {key: draw(OWNERS) if key == "owner" else "580" for key in driver}
    if owner := draw(st.sets(st.sampled_from(["toolkit", "devicePlugin"]))):
        pool["owner"] = {key: draw(OWNERS) for key in sorted(owner)}
    if draw(st.booleans()):
        pool["taints"] = {"nvidia.com/gpu": "true:NoSchedule"}
    return pool


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A blueprint of v1alpha1, valid or not, in block or in flow style."""
    names = draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True))
    spec: dict[str, Any] = {"release": "2026.11", "cluster": {"kubernetes": "1.36"}}
    if stack := draw(st.sampled_from(["", "clusterPolicy", "gpuCluster", "standalone"])):
        spec["gpuStack"] = stack
    if labels := draw(st.sampled_from(["", "apply", "provisioner"])):
        spec["nodeLabels"] = labels
    spec["nodePools"] = {name: draw(pools(name)) for name in names}
    extends = draw(st.sampled_from([[], ["eks"], ["gke"], ["rke2"]]))
    head = HEAD + (f"extends: {inline(extends)}\n" if extends else "")
    return head + "spec:\n" + "\n".join(_lines(spec, "  ", draw)) + "\n"


def _lines(data: dict[str, Any], indent: str, draw: st.DrawFn) -> list[str]:
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and draw(st.booleans()):
            lines += [f"{indent}{key}: # of {key}", *_lines(value, indent + "  ", draw)]
        else:
            lines.append(f"{indent}{key}: {inline(value)}")
    return lines


@given(documents())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_versions_of_a_document_lead_to_the_same(text: str) -> None:
    new = converted(text)
    assert new.startswith("apiVersion: gpublueprint.dev/v1alpha2\n")
    old_values, new_values = values(compiled(text)), values(compiled(new))
    assert old_values == new_values
    assert sorted(re.findall("# of .*", text)) == sorted(re.findall("# of .*", new))


ROOT = Path(__file__).resolve().parents[2]
EARLIER = sorted((Path(__file__).parent / "v1alpha1").glob("*.yaml"))


@pytest.mark.parametrize("file", EARLIER, ids=lambda file: file.stem)
def test_real_documents_lead_to_the_same(file: Path) -> None:
    """The examples as they were in v1alpha1."""
    example = ROOT / "examples" / file.stem / "blueprint.yaml"
    overlays = {
        f"overlays/{each.name}": each.read_text("utf-8") for each in (ROOT / "examples/overlays").glob("*.yaml")
    }
    beside = {
        each.relative_to(ROOT / "examples").as_posix(): each.read_text("utf-8")
        for each in example.parent.rglob("*")
        if each.is_file() and each.suffix == ".yaml" and each != example
    }
    target = f"{file.stem}/blueprint.yaml"
    old = file.read_text("utf-8")
    files = {**overlays, **beside, target: old}
    new = converted_in_place(old, target, CURRENT, versions.LANGUAGE, MemoryFiles(files))
    first = compile_blueprint(target, files=MemoryFiles(files))
    second = compile_blueprint(target, files=MemoryFiles({**files, target: new}))
    assert first.bundle
    assert values(first) == values(second)
    third = compile_blueprint(target, files=MemoryFiles({**files, target: example.read_text("utf-8")}))
    assert values(third).keys() == values(first).keys()
