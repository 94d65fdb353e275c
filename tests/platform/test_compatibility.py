"""Compatible values: by facts of the hardware, and by the rules of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.loader import read
from blueprint.catalog.rules import CompatibilityRule, Condition
from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.pipeline import Compilation
from blueprint.platform.drivers.branches import default_branch, usable_branches
from blueprint.versions import version_key
from tests.support.edits import EVERYTHING
from tests.support.platforms import blueprint, compiled, pool

RULES = load_catalog().rules
TRIAL = (EVERYTHING / "hardware" / "trial.yaml").read_text("utf-8")
DOUBT = "not verified by anybody, confidence: unverified}"


def declared(fields: str, os: str = "ubuntu-24.04") -> Compilation:
    """A blueprint of one pool with these keys, compiled."""
    return compiled(blueprint(pool("gpu", fields, nodes=2), os=os))


def told(done: Compilation) -> dict[str, Severity]:
    return {found.code.id: found.severity for found in done.diagnostics}


def one(done: Compilation, code: str) -> Diagnostic:
    [found] = [found for found in done.diagnostics if found.code.id == code]
    return found


def branch_of(done: Compilation) -> str:
    assert done.platform
    return done.platform.pools[0].driver.branch or ""


def test_a_gpu_that_new_drivers_dropped_gets_the_newest_branch_that_supports_it_with_the_reason() -> None:
    done = declared("gpu: {product: V100-SXM2-32GB, count: 8}")
    assert branch_of(done) == "580"
    found = one(done, "BP3162")
    assert found.severity is Severity.NOTE
    assert "595" in found.message
    assert done.bundle
    [driver] = [each for each in done.bundle.expectations if each.check == "driver-version"]
    assert any(source.path == "maximumDriver.value" or "maximumDriver" in source.path for source in driver.sources)


def test_every_other_gpu_gets_the_branch_of_the_release() -> None:
    done = declared("gpu: {product: L40S, count: 4}")
    assert (branch_of(done), told(done)) == ("595", {})


@pytest.mark.parametrize("product", load_catalog().products)
def test_every_product_has_a_maintained_branch_in_the_release_and_the_default_is_one(product: str) -> None:
    gpu, release = load_catalog().gpu(product), load_catalog().release("2026.11")
    assert gpu
    assert release
    usable = usable_branches(gpu, release, "ubuntu-24.04")
    assert usable
    assert default_branch(gpu, release, "ubuntu-24.04") in usable
    assert set(usable) <= {"580", "595"}, "535 and 610 have ended by the month of this release"


def test_a_doubtful_minimum_warns_and_a_certain_one_refuses() -> None:
    """That an H20 needs 535 is general knowledge; that a B200 needs 570.133.20 is in NVIDIA's documentation."""
    assert told(declared('gpu: {product: H20, count: 8}, owner: {driver: host}, driver: {branch: "525"}')) == {
        "BP3161": Severity.WARNING
    }
    old = declared("gpu: {product: B200, count: 8}, owner: {driver: host}, driver: {version: 570.124.06}")
    assert told(old) == {"BP3103": Severity.ERROR}
    assert "570.133.20" in one(old, "BP3103").message
    new = declared("gpu: {product: B200, count: 8}, owner: {driver: host}, driver: {version: 570.133.20}")
    assert told(new) == {}


def test_kernel_modules_that_do_not_drive_the_gpu_are_refused_and_doubtful_ones_warn() -> None:
    """The vendor documents it for Blackwell; for the test product it is not certain."""
    fields = "gpu: {product: %s, count: 2}, owner: {driver: operator}, driver: {kernelModules: proprietary}"
    assert told(declared(fields % "RTX-PRO-6000-Blackwell-Server")) == {"BP3104": Severity.ERROR}
    text = blueprint(pool("gpu", fields % "TRIAL-48GB", nodes=2), os="ubuntu-24.04", spec="  hardware: [trial.yaml]\n")
    trial = TRIAL.replace("the vendor's letter, confidence: read}", DOUBT)
    assert told(compiled(text, files={"trial.yaml": trial})) == {"BP3165": Severity.WARNING}


CUT = "gpu: {product: A100-SXM4-80GB, count: 8, mig: {layout: [{devices: %s, profiles: {1g.10gb: 7}}]}}"


@pytest.mark.parametrize(
    ("fields", "os", "severity"),
    [
        (CUT % "0-3" + ", owner: {driver: host}, driver: {version: 570.124.06}", "ubuntu-24.04", Severity.ERROR),
        (CUT % "0-3" + ", owner: {driver: host}, driver: {version: 570.158.01}", "ubuntu-24.04", Severity.ERROR),
        (CUT % "0-3" + ", owner: {driver: host}, driver: {version: 570.172.08}", "ubuntu-24.04", None),
        (CUT % "0-3" + ", owner: {driver: host}, driver: {version: 570.86.15}", "ubuntu-24.04", None),
        (CUT % "all" + ", owner: {driver: host}, driver: {version: 570.124.06}", "ubuntu-24.04", None),
        (CUT % "0-3" + ', owner: {driver: host}, driver: {branch: "570"}', "ubuntu-24.04", Severity.WARNING),
        ("gpu: {product: GB200, count: 4}", "rhel-9.6", Severity.ERROR),
        ("gpu: {product: GB200, count: 4}, owner: {driver: host}", "rhel-9.6", None),
        ("gpu: {product: GB200, count: 4}", "rhel-10.1", None),
        ("gpu: {product: B200, count: 8}", "rhel-9.6", None),
    ],
)
def test_a_rule_applies_exactly_where_it_says(fields: str, os: str, severity: Severity | None) -> None:
    assert told(declared(fields, os)).get("BP3164") == severity


def test_a_rule_is_reported_with_its_lines_and_its_source() -> None:
    done = declared(CUT % "0-3" + ", owner: {driver: host}, driver: {version: 570.133.20}")
    found = one(done, "BP3164")
    assert found.path == "spec.nodePools.gpu.driver.version"
    places = [note.at.file for note in found.notes if note.at]
    assert "catalog/compatibility/mixed-mig-driver.yaml" in places
    assert any("570.124.06 to 570.158.01" in note.message for note in found.notes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_every_rule_names_its_source_and_only_products_that_exist(rule: CompatibilityRule) -> None:
    assert len(rule.source) > 20
    asked = rule.when.get("product")
    for pattern in asked.any_of if asked else ():
        assert any(Condition(any_of=(pattern,)).holds(product) for product in load_catalog().products)


def test_only_a_host_with_switches_needs_the_fabric_manager() -> None:
    def needs(fields: str) -> str:
        files = declared(fields).files
        assert files
        return files["prerequisites.md"].decode()

    assert "nvidia-fabricmanager runs" in needs("gpu: {product: H100-SXM5-80GB, count: 8}, owner: {driver: host}")
    assert "nvidia-fabricmanager runs" not in needs("gpu: {product: H100-SXM5-80GB, count: 8}")
    assert "nvidia-fabricmanager runs" not in needs("gpu: {product: H100-PCIe-80GB, count: 8}, owner: {driver: host}")
    assert "nvlsm" in needs("gpu: {product: B200, count: 8}, owner: {driver: host}")


def test_versions_are_compared_by_their_numbers() -> None:
    assert version_key("570.86.15") < version_key("570.124.06") < version_key("570.158.01")
    bounds = Condition(at_least="570.124.06", at_most="570.158.01")
    assert [bounds.holds(v) for v in ("570.86.15", "570.124.06", "570.158.01", "570.172.08")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_unknown_facts_match_only_where_a_rule_allows_it() -> None:
    assert not Condition(any_of=("*",)).holds(None)
    assert Condition(unknown=True).holds(None)
    assert not Condition(unknown=True).holds("570")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when: {os: {}}\ndemands: something", "it has no condition"),
        ("when: {os: {anyOf: [a]}}", "either forbids or demands"),
        ("when: {os: {anyOf: [a]}}\nforbids: this", "needs help"),
        ("when: {wheather: {anyOf: [a]}}\ndemands: this", "must be one of"),
    ],
)
def test_a_wrong_rule_is_refused(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(f"rule: r\nsource: somebody said so\nconfidence: read\n{text}\n", "utf-8")
    with pytest.raises(Refused) as refused:
        read(file, CompatibilityRule)
    assert any(says in found.message for found in refused.value.diagnostics)


@pytest.mark.parametrize(("owner", "expected"), [("operator", {"BP3164": Severity.ERROR}), ("provider", {})])
def test_the_a10_of_azure_gets_its_driver_from_azure(owner: str, expected: dict[str, Severity]) -> None:
    fields = f"machine: {{instanceType: Standard_NV36ads_A10_v5}}, owner: {{driver: {owner}}}"
    done = compiled(blueprint(pool("gpu", fields, nodes=2), distribution="aks", os="ubuntu-22.04"))
    assert told(done) == expected


def test_the_operator_on_talos_warns_since_its_validator_looks_elsewhere() -> None:
    """With a patch of `driverInstallDir` it works, as Talos documents: so it is not an error."""
    text = blueprint(
        pool("train", "owner: {driver: host, toolkit: host}", product="L4", count=1),
        kubernetes="1.35",
        os="talos-1.12",
    )
    done = compiled(text)
    assert done.bundle
    [found] = [d for d in done.diagnostics if "Talos" in d.message]
    assert (found.code.id, found.severity.name, found.path) == ("BP3164", "WARNING", "spec.cluster.os")
