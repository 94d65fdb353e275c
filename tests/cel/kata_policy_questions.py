"""What policies around Kata are asked of each pod and claim, for what their expressions cost.

The answers in `kata_policy_answers.jsonl` are what the program in `oracle/policies` says. To make them again:

    cd tests/cel/oracle && go build -o /tmp/oracle ./policies && cd ../../..
    PYTHONPATH=. python -m tests.cel.kata_policy_questions | /tmp/oracle > tests/cel/kata_policy_answers.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any

from tests.components.test_kata_policies import ALLOWED_CLAIMS, ATTACKS, HONEST, PLATFORM, claim
from tests.support.platforms import rendered

_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "health"}}


def questions() -> Iterator[dict[str, Any]]:
    """Each pod and claim of the tests against the API server, with requests as the server fills them from limits."""
    found = (each for each in rendered(PLATFORM, "kata-admission") if each.id.kind == "ValidatingAdmissionPolicy")
    policies = {each.id.name: dict(each.data) for each in found}
    for name, body in {**{name: body for name, (body, _) in ATTACKS.items()}, **HONEST}.items():
        for policy in ("kata-pods", "kata-machines"):
            yield _question(name, _judging(policies[policy], body), filled(body))
    for text in ALLOWED_CLAIMS:
        for template in (False, True):
            yield _question(text, policies["kata-claims"], claim(text, template=template))


def _judging(policy: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """A policy whose match condition is false costs that alone."""
    machine = str(body["spec"].get("runtimeClassName", "")).startswith("kata-")
    if "matchConditions" not in policy["spec"] or machine:
        return policy
    return {**policy, "spec": {**policy["spec"], "validations": []}}


def filled(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod whose containers request what they are limited to."""
    spec = deepcopy(pod["spec"])
    for key in ("containers", "initContainers"):
        for each in spec.get(key, ()):
            resources = each.setdefault("resources", {})
            if limits := resources.get("limits"):
                resources.setdefault("requests", dict(limits))
    return {**pod, "spec": spec}


def _question(name: str, policy: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    digest = sha256(json.dumps(policy["spec"], sort_keys=True).encode()).hexdigest()[:12]
    return {"name": f"{name} ({digest})", "policy": policy, "object": body, "namespace": _NAMESPACE,
            "user": "someone", "groups": ["system:authenticated"]}  # fmt: skip


if __name__ == "__main__":
    for question in questions():
        sys.stdout.write(json.dumps(question) + "\n")
