"""Starter workloads for users: valid, without findings of our own rules, and within the tenant's quota."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from blueprint.admission.model import Fit
from blueprint.admission.workloads import Admission
from blueprint.diagnostics import Severity
from blueprint.kubernetes.pod_templates import assembled_pod, pod_templates
from blueprint.lint.inputs import STDIN, read_inputs
from blueprint.lint.platform import RenderedPlatform
from blueprint.lint.run import lint
from blueprint.pipeline import Compilation
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.render.workloads import WorkloadFile, render_workloads
from blueprint.rule_facts.resolved import ResolvedFacts
from blueprint.units import quantity_value
from tests.support.workloads import EXAMPLES, with_workloads

NO_GANG = "BP6567"
"""Findings that apply to several pods without a queue; the blueprint gets a warning about it (BP3665)."""
CASES = [
    pytest.param((file, queued), id=f"{file.parent.name}-{queued}") for file in EXAMPLES for queued in (True, False)
]


@pytest.fixture(scope="module", params=CASES)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    """An example with every workload that fits."""
    file, queued = request.param
    found = with_workloads(file, tmp_path_factory.mktemp("workloads"), queued=queued)
    assert found.platform is not None, [each.message for each in found.diagnostics]
    return found


@pytest.fixture(scope="module")
def files(compiled: Compilation) -> tuple[WorkloadFile, ...]:
    """Its workloads: every example has some."""
    assert compiled.platform is not None
    assert compiled.bundle is not None, [each.message for each in compiled.diagnostics]
    found = render_workloads(compiled.platform)
    assert found
    return found


@pytest.mark.parametrize("beside", [True, False], ids=["beside the platform", "alone"])
def test_they_are_valid_and_clean(compiled: Compilation, files: tuple[WorkloadFile, ...], beside: bool) -> None:
    """According to the definitions of their kinds and our own rules, as in a user's linter."""
    declared, bundle = compiled.declared, compiled.valid_bundle()
    assert declared is not None
    known = RenderedPlatform(declared, bundle.objects) if beside else None
    inputs = read_inputs([STDIN], "---\n".join(each.text for each in files).encode())
    result = lint(inputs, kubernetes_minor=declared.platform.cluster.kubernetes_minor, platform=known)
    complaints = [each for each in result.diagnostics if each.severity is not Severity.NOTE]
    queued = all(each.sample.queue for each in files)
    assert [f"{each.code.id} {each.message}" for each in complaints if queued or each.code.id != NO_GANG] == []
    assert (result.objects, result.malformed) == (sum(len(each.objects) for each in files), 0)
    assert not result.unknown_kinds


def test_admit_says_that_they_fit(compiled: Compilation, files: tuple[WorkloadFile, ...]) -> None:
    platform = compiled.platform
    assert platform is not None
    admission = Admission(platform, ResolvedFacts(platform), compiled.valid_bundle().objects)
    for file in files:
        answers = list(admission.results(list(file.objects)))
        assert answers, file.name
        for answer in answers:
            assert answer.fit is Fit.FITS, (file.name, answer)
            assert not answer.is_crowded, (file.name, answer)
            assert [each.pool for each in answer.pools if each.fit is Fit.FITS] == [file.sample.pool.name]


def test_none_is_larger_than_the_tenant_s_quota(compiled: Compilation, files: tuple[WorkloadFile, ...]) -> None:
    """All pods together, whatever describes them, compared with what the tenant could get."""
    platform = compiled.platform
    assert platform is not None
    lending = platform.tenants.lending
    for file in files:
        tenant = platform.tenants.find(file.sample.tenant)
        assert tenant is not None
        pool = file.sample.pool
        asked = requested(file)
        assert asked, file.name
        units = {each.resource: name for name, each in pool.offered.items()}
        for name in tenant.shares.get(pool.name, {}):
            resource = pool.offered[name].resource
            assert asked[resource] <= lending.obtainable(tenant, pool.name, name), (file.name, name)
        assert file.sample.claimed or any(units[each] not in NODE_RESOURCES for each in asked if each in units)


def requested(file: WorkloadFile) -> Counter[str]:
    """The requests of all of its pods, by resource; claimed devices count as GPUs."""
    found: Counter[str] = Counter()
    for obj in file.objects:
        assembled = assembled_pod(obj.data)
        for template in (*pod_templates(obj.data), *([assembled] if assembled else [])):
            for container in template.spec["containers"]:
                for name, amount in amounts(container).items():
                    found[name] += amount * template.number
            claims = len(template.spec.get("resourceClaims") or ())
            found["nvidia.com/gpu"] += claims * template.number * file.sample.size.units
    return found


def amounts(container: dict[str, Any]) -> dict[str, Fraction]:
    resources = container.get("resources") or {}
    both = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity_value(str(amount)) for name, amount in both.items()}
