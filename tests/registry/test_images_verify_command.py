"""`blueprint images --verify` as users run it: exit code, messages, coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.registry.reference import parse_reference
from tests.support.image_registry import Registry

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: acme}}
spec:
  release: "2026.11"
  cluster:
    kubernetes: "1.36"
    registries:
      mirrors: {{"*": "{host}/mirror"}}
  nodePools:
    train: {{nodes: 1, selector: {{pool: train}}, gpu: {{product: T4, count: 1}}}}
"""


@pytest.fixture
def mirror(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Registry:
    """A mirror with every image of `blueprint.yaml`; digests that vendors pin are listed as one of its
    architectures.
    """
    monkeypatch.chdir(tmp_path)
    Path("blueprint.yaml").write_text(BLUEPRINT.format(host=registry.host), "utf-8")
    assert main(["images", "blueprint.yaml"]) == 0
    for line in capsys.readouterr().out.split():
        ref, _, pinned = line.partition("@")
        image = parse_reference(ref)
        registry.add_index(f"{image.repository}:{image.tag}", *filter(None, [pinned]))
    assert len(registry.manifests) > 5
    return registry


def verify(registry: Registry, *arguments: str, target: str = "blueprint.yaml") -> tuple[int, dict[str, Any]]:
    flags = ["--insecure-registry", registry.host, "--report", "json=report.json", *arguments]
    code = main(["images", target, "--verify", *flags])
    return code, json.loads(Path("report.json").read_text("utf-8"))


def codes(report: dict[str, Any]) -> list[str]:
    return [found["code"] for found in report["diagnostics"]]


def test_a_complete_mirror_is_clean(mirror: Registry) -> None:
    code, report = verify(mirror)
    assert (code, codes(report)) == (0, [])
    assert report["coverage"][0]["examined"] == len(mirror.manifests)


def test_a_bundle_is_verified_like_its_blueprint(mirror: Registry) -> None:
    assert main(["compile", "blueprint.yaml", "-o", "bundle"]) == 0
    name = min(mirror.manifests)
    del mirror.manifests[name]
    for target in ("bundle", "blueprint.yaml"):
        code, report = verify(mirror, target=target)
        assert (code, codes(report)) == (1, ["BP4030"])
        assert report["diagnostics"][0]["message"] == f"{mirror.host}/{name} is not in its registry"


def test_what_is_missing_is_reported_at_the_line_of_the_mirror(mirror: Registry, capsys) -> None:
    mirror.manifests.clear()
    assert main(["images", "blueprint.yaml", "--verify", "--insecure-registry", mirror.host]) == 1
    assert f'mirrors: {{"*": "{mirror.host}/mirror"}}' in capsys.readouterr().out


def test_moved_tags_are_findings(mirror: Registry) -> None:
    for name in mirror.manifests:
        mirror.manifests[name] = b"{}"
    code, report = verify(mirror)
    assert code == 1
    assert set(codes(report)) == {"BP4031"}


def test_what_could_not_be_queried_is_unknown_and_findings_take_precedence(mirror: Registry) -> None:
    first, second = sorted(mirror.manifests)[:2]
    mirror.answers[first.partition(":")[0]] = (500, {})
    code, report = verify(mirror)
    assert (code, codes(report)) == (3, ["BP4035"])
    assert report["coverage"][0]["unknown"] == 1
    del mirror.manifests[second]
    code, report = verify(mirror)
    assert (code, codes(report)) == (1, ["BP4030", "BP4035"])


def test_credentials_come_from_the_file_and_are_never_shown(mirror: Registry, capsys) -> None:
    mirror.auth = "bearer"
    assert verify(mirror)[0] == 3
    auth = mirror.basic().removeprefix("Basic ")
    Path("auth.json").write_text(json.dumps({"auths": {mirror.host: {"auth": auth}}}), "utf-8")
    code, report = verify(mirror, "--registry-config", "auth.json")
    assert code == 0
    told = json.dumps(report) + "".join(capsys.readouterr())
    assert auth not in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--timeout", "0"], "--timeout 0: must be a number of seconds up to 3600"),
        (["--insecure-registry", "http://x"], "--insecure-registry http://x: must be a host"),
        (["--registry-config", "nowhere.json"], "registry credentials in nowhere.json: no such file or directory"),
    ],
)
def test_meaningless_flags_are_rejected(mirror: Registry, arguments: list[str], message: str) -> None:
    code, report = verify(mirror, *arguments)
    assert code == 2
    assert report["diagnostics"][0]["message"].startswith(message)
    assert not mirror.asked


def test_an_invalid_blueprint_is_not_queried(mirror: Registry) -> None:
    Path("blueprint.yaml").write_text(BLUEPRINT.format(host=mirror.host).replace("T4", "T5"), "utf-8")
    code, report = verify(mirror)
    assert (code, codes(report)) == (1, ["BP3101"])
    assert not mirror.asked
