"""Wait until the API server enforces every admission policy that was written so far."""

from __future__ import annotations

from typing import Any

from blueprint.lab.access import RequestFailed
from tests.support.waits import eventually

_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_NAME = "last-of-all"


def await_policies(lab: Any) -> None:
    """Wait for the last policy. The server reads policies and bindings in order, so that all others are in force then.

    A wait for a single policy could return before the others are in force.
    """
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    expression = f"object.metadata.name != '{_NAME}'"
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": expression}]}
    binding = {"policyName": _NAME, "validationActions": ["Deny"]}
    kinds = {"validatingadmissionpolicies": spec, "validatingadmissionpolicybindings": binding}
    for kind, content in kinds.items():
        lab.request("POST", f"{_ADMISSION}/{kind}", {"metadata": {"name": _NAME}, "spec": content})
    eventually(lambda: _is_refused(lab), "the policies are in force")
    for kind in kinds:
        lab.request("DELETE", f"{_ADMISSION}/{kind}/{_NAME}")


def _is_refused(lab: Any) -> bool:
    try:
        path = "/api/v1/namespaces/default/configmaps?dryRun=All"
        lab.request("POST", path, {"metadata": {"name": _NAME}})
    except RequestFailed as failed:
        return _NAME in str(failed)
    return False
