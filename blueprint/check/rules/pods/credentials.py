"""Credentials in the variables and arguments of containers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.credentials import SECRET_IN_PLAIN_TEXT, CredentialOptions, looks_secret, variables
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, items


@rule(SECRET_IN_PLAIN_TEXT, tags=("security",), options=CredentialOptions())
def env(pod: DescribedPod, context: RuleContext, options: CredentialOptions) -> Iterator[ObjectFinding]:
    """Credentials in environment variables."""
    for path, container in pod.containers:
        yield from variables(container.get("env"), (*path, "env"), options)


@rule(SECRET_IN_PLAIN_TEXT, tags=("security",))
def arguments(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Credentials in arguments, which process lists also show."""
    for path, container in pod.containers:
        for field in ("command", "args"):
            for index, each in enumerate(items(container.get(field))):
                if isinstance(each, str) and looks_secret(each):
                    text = f"{field} {index} of the container {container.get('name')} contains a credential"
                    help_ = "mount a Secret from the cluster instead"
                    yield ObjectFinding(SECRET_IN_PLAIN_TEXT, (*path, field, index), text, help_)


RULES = (env, arguments)
