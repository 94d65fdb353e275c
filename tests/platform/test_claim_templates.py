"""The claim templates that tenants get: their namespaces, and their classes."""

from __future__ import annotations

from tests.support.platforms import rendered

HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: two-ways}
spec:
  release: "2026.11"
  gpuStack: standalone
  cluster: {kubernetes: "1.36"}
  poolLabel: acme.example/pool
  poolDefaults: {owner: {driver: host, toolkit: host}}
  nodePools:
    counted: {nodes: 2, gpu: {product: L40S, count: 4}}
    claimed: {nodes: 2, gpu: {product: H100-SXM5-80GB, count: 8}, allocation: dra}
"""
TENANTS = "  tenants:\n    a: {namespaces: [a-1, a-2]%s}\n    b: {namespaces: [b]%s}\n"


def templates(text: str) -> dict[str, object]:
    """The classes of the devices that claim templates request, by namespace and name."""
    return {
        f"{each.id.namespace}/{each.id.name}": each.data["spec"]["spec"]["devices"]["requests"]
        for each in rendered(text, "tenancy")
        if each.id.kind == "ResourceClaimTemplate"
    }


QUEUED = f"{HEAD}  queueing: {{kueue: {{}}}}\n" + TENANTS % (", quota: {claimed: 8}", ", quota: {counted: 8}")
BY_CLAIM = "  components: {dra-driver-nvidia-gpu: {settings: {extendedResources: never}}}\n"


def test_tenants_with_quota_of_claimed_gpus_get_a_template_in_each_namespace() -> None:
    one = {"deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": 1}
    request = [{"name": "gpu", "exactly": one}]
    assert templates(QUEUED + BY_CLAIM) == {"a-1/gpu": request, "a-2/gpu": request}


def test_where_kueue_counts_requests_instead_of_claims_there_is_none() -> None:
    """It would admit no pod with a claim from a template: the class is not among its mappings."""
    assert templates(QUEUED) == {}


def test_without_queues_every_tenant_gets_one() -> None:
    assert templates(HEAD + TENANTS % ("", "")).keys() == {"a-1/gpu", "a-2/gpu", "b/gpu"}


def test_where_no_pool_is_claimed_there_is_none() -> None:
    assert templates(HEAD.replace(", allocation: dra", "") + TENANTS % ("", "")) == {}
