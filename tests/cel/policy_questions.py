"""What policies of tenants are asked of each pod and claim that is created, for what their expressions cost.

The answers in `policy_answers.jsonl` are what the program in `oracle/policies` says. To make them again:

    cd tests/cel/oracle && go build -o /tmp/oracle ./policies && cd ../../..
    PYTHONPATH=. python -m tests.cel.policy_questions | /tmp/oracle > tests/cel/policy_answers.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from tests.components.test_tenant_policies import CASES, PLATFORMS, built
from tests.support.platforms import rendered

JUDGES = {"Pod": "tenants-pods", "ResourceClaim": "tenants-claims", "ResourceClaimTemplate": "tenants-claims"}


def questions() -> Iterator[dict[str, Any]]:
    """Each case that creates a pod or a claim, with the policy that judges it and the namespace that it is in."""
    for allocation, text in PLATFORMS.items():
        objects = rendered(text, "tenancy")
        policies = {each.id.name: dict(each.data) for each in objects if each.id.kind == "ValidatingAdmissionPolicy"}
        namespaces = {each.id.name: dict(each.data) for each in objects if each.id.kind == "Namespace"}
        yield from _of(allocation, policies, namespaces)


def _of(
    allocation: str, policies: Mapping[str, Mapping[str, Any]], namespaces: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The cases that make sense where GPUs are offered in this way."""
    for name, case in {**CASES["attacks"], **CASES["work"]}.items():
        body = built(case)
        claims = case["base"] == "claim" or case.get("only") == "claims"
        if body["kind"] in JUDGES and "then" not in case and claims == (allocation == "claims"):
            policy = policies[JUDGES[body["kind"]]]
            digest = sha256(json.dumps(policy["spec"], sort_keys=True).encode()).hexdigest()[:12]
            user, groups = CASES["users"][case.get("as", "member")]
            yield {
                "name": f"{name} ({digest})",
                "policy": policy,
                "object": body,
                "namespace": namespaces[case.get("in", "physics")],
                "user": user,
                "groups": groups,
            }


if __name__ == "__main__":
    for question in questions():
        sys.stdout.write(json.dumps(question) + "\n")
