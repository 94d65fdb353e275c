"""The expected writes are narrow: this program, this field, this value of this kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.bundle.model import ObjectId
from blueprint.drift.expected import ExpectedField, rule_files, rules_by_kind, why_expected
from blueprint.drift.model import Writer

NEVER = [
    "metadata.ownerReferences[0]",
    "metadata.labels[app]",
    "metadata.annotations[example.org/public]",
    "metadata.finalizers[0]",
    "spec.externalIPs",
    "spec.selector",
    "spec.type",
    "spec.template.spec.hostNetwork",
    "spec.template.spec.containers[0]",
    "spec.template.spec.containers[0].image",
    "spec.template.spec.containers[0].args",
    "spec.template.spec.serviceAccountName",
    "webhooks[0]",
    "webhooks[0].clientConfig.url",
    "webhooks[0].clientConfig.service",
    "webhooks[0].clientConfig",
    "webhooks[0].failurePolicy",
    "spec.conversion.webhook.clientConfig.url",
    "spec.service",
    "spec.insecureSkipTLSVerify",
    "subjects",
    "subjects[0]",
    "aggregationRule",
]
"""Changes that are always reported, whatever name the program uses."""


def _rules() -> Iterator[Any]:
    for kind, rules in sorted(rules_by_kind().items()):
        for rule in rules:
            yield pytest.param(kind, rule, id=f"{kind}-{'.'.join(rule.path)}-{rule.managers[0]}")


RULES = list(_rules())


def why(kind: str, path: tuple[str | int, ...], value: Any, writer: Writer, rule: ExpectedField) -> str | None:
    name, _, group = kind.partition(".")
    live = dict(rule.write.where) | {"metadata": {"name": "web"} | dict(rule.write.where.get("metadata", {}))}
    distribution = (*rule.write.distributions, "vanilla")[0]
    return why_expected(ObjectId(group, name, "", "web"), path, value, writer, live, distribution)


def writer_of(rule: ExpectedField) -> Writer:
    return Writer(rule.managers[0].replace("*", "any-"), "Update", rule.write.subresources[0], "")


def path_of(rule: ExpectedField) -> tuple[str | int, ...]:
    lists = {"finalizers", "webhooks", "secrets", "taints"}
    steps: list[str | int] = []
    for step in rule.path:
        steps.append(0 if step == "*" and steps and steps[-1] in lists else step.replace("*", "some"))
    return tuple(steps)


def value_of(rule: ExpectedField) -> Any:
    return _sample(rule.write.values[0]) if rule.write.values else "x"


def _sample(pattern: Any) -> Any:
    if isinstance(pattern, dict):
        return {key: _sample(value) for key, value in pattern.items()}
    if isinstance(pattern, list):
        return [_sample(item) for item in pattern]
    return str(pattern).replace("[1-9]*", "3").replace("*", "some")


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_what_a_rule_names_is_expected(kind: str, rule: ExpectedField) -> None:
    assert why(kind, path_of(rule), value_of(rule), writer_of(rule), rule) == rule.write.reason


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_another_writer_of_the_same_field_is_not(kind: str, rule: ExpectedField) -> None:
    if rule.managers == ("*",):
        pytest.skip("whoever leads, scales or creates writes this one: there is no other writer")
    stranger = Writer("kubectl-edit", "Update", rule.write.subresources[0], "")
    assert why(kind, path_of(rule), value_of(rule), stranger, rule) is None


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_another_field_by_the_same_writer_is_not(kind: str, rule: ExpectedField) -> None:
    path = (*path_of(rule)[:-1], "other")
    for value in (value_of(rule), "x", {"image": "evil"}):
        assert why(kind, path, value, writer_of(rule), rule) is None or rule.path[-1] == "*"


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_another_subresource_is_not(kind: str, rule: ExpectedField) -> None:
    through = Writer(writer_of(rule).manager, "Update", "ephemeralcontainers", "")
    assert why(kind, path_of(rule), value_of(rule), through, rule) is None


@pytest.mark.parametrize(("kind", "rule"), [p for p in RULES if p.values[1].write.values])
def test_another_value_is_not(kind: str, rule: ExpectedField) -> None:
    for value in ("example.org/hold", {"key": "example.org/out", "effect": "NoExecute"}, [{"key": "evil"}]):
        assert why(kind, path_of(rule), value, writer_of(rule), rule) is None


@pytest.mark.parametrize("text", NEVER)
def test_no_name_excuses_what_is_dangerous(text: str) -> None:
    from blueprint.drift.expected import steps

    path = tuple(int(step) if step.isdigit() else step for step in steps(text))
    managers = {m for rules in rules_by_kind().values() for rule in rules for m in rule.managers}
    subresources = {s for rules in rules_by_kind().values() for rule in rules for s in rule.write.subresources}
    for kind in rules_by_kind():
        name, _, group = kind.partition(".")
        for manager in managers:
            for through in subresources:
                writer = Writer(manager.replace("*", "any-"), "Update", through, "")
                for distribution in ("vanilla", "openshift"):
                    identity = ObjectId(group, name, "", "web")
                    assert why_expected(identity, path, "example.org/x", writer, {}, distribution) is None


def test_rules_of_an_aggregated_role_are_expected_of_an_aggregated_role_only() -> None:
    role = ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "web")
    writer = Writer("clusterrole-aggregation-controller", "Apply", "", "")
    live = {"aggregationRule": {"clusterRoleSelectors": []}}
    assert why_expected(role, ("rules",), [], writer, live, "vanilla")
    assert not why_expected(role, ("rules",), [], writer, {}, "vanilla")


def test_what_is_enforced_is_excused_on_openshift_only() -> None:
    namespace = ObjectId("", "Namespace", "", "web")
    writer = Writer("pod-security-admission-label-synchronization-controller", "Apply", "", "")
    path = ("metadata", "labels", "pod-security.kubernetes.io/enforce")
    assert why_expected(namespace, path, "privileged", writer, {}, "openshift")
    assert not why_expected(namespace, path, "privileged", writer, {}, "vanilla")


def test_every_file_names_a_source_and_no_entry_is_there_twice() -> None:
    assert len(list(rule_files())) > 10
    entries = [(kind, rule) for kind, rules in rules_by_kind().items() for rule in rules]
    seen = {(kind, rule.path, rule.managers, str(rule.write)) for kind, rule in entries}
    assert len(seen) == len(entries)
