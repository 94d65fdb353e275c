"""Operators installed by the Operator Lifecycle Manager: the state of a Subscription.

A Subscription requests an operator. OLM creates an InstallPlan for it, which may need approval, and then a
ClusterServiceVersion. The operator's kinds exist only when that has succeeded.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Object, ObjectId
from blueprint.cluster import codes, findings
from blueprint.cluster.waits import GateClosedError, wait_until
from blueprint.diagnostics import Diagnostic
from blueprint.kubernetes.stages import OPERATORS, Stage, stage_of
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.versions import version_key

_API = f"/apis/{OPERATORS}/v1alpha1/namespaces"
_VERSION = lazy_pattern(r"\.v?(\d+(?:\.\d+)*)$")
_TROUBLES = (
    "ResolutionFailed",
    "CatalogSourcesUnhealthy",
    "InstallPlanFailed",
    "InstallPlanMissing",
    "BundleUnpackFailed",
)
"""Conditions of a Subscription that, if true, explain why it fails."""


def is_subscription(identity: ObjectId) -> bool:
    """Whether an object requests an operator."""
    return (identity.group, identity.kind) == (OPERATORS, "Subscription")


def subscriptions_of(objects: Iterable[Object]) -> dict[str, ObjectId]:
    """The Subscriptions by component."""
    return {obj.component: obj.id for obj in objects if is_subscription(obj.id)}


def brought_by(obj: Object, subscriptions: Mapping[str, ObjectId]) -> ObjectId | None:
    """The Subscription whose operator may install the object's kind: that of the same component."""
    return subscriptions.get(obj.component) if stage_of(obj.id) is Stage.CUSTOM else None


def complaint_of(subscription: Mapping[str, Any]) -> str:
    """Why the operator is not installed yet, according to the Subscription alone; empty once it is.

    A version older than the starting one does not count, because it lacks what this bundle writes. A newer one does.
    """
    seen = _SubscriptionState.of(subscription)
    if seen.installed and not _is_older(seen.installed, seen.wanted):
        return ""
    complaints = (_not_looked_at, _failed, _awaiting_approval, _not_installed)
    return next(text for complaint in complaints if (text := complaint(seen)))


class _SubscriptionState(Record):
    """The state in a Subscription's status; `conditions` are those that are true, by type."""

    status: Mapping[str, Any]
    installed: str | None
    wanted: str | None
    conditions: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, subscription: Mapping[str, Any]) -> _SubscriptionState:
        """Read a live Subscription."""
        status = subscription.get("status") or {}
        conditions = {str(c.get("type")): c for c in status.get("conditions") or () if c.get("status") == "True"}
        wanted = (subscription.get("spec") or {}).get("startingCSV")
        return cls(status, status.get("installedCSV"), wanted, conditions)

    @property
    def install_plan(self) -> str:
        """The name of the InstallPlan; empty if there is none."""
        status = self.status
        plan = (status.get("installPlanRef") or {}).get("name") or (status.get("installplan") or {}).get("name")
        return str(plan or "")


def _not_looked_at(seen: _SubscriptionState) -> str:
    return "" if seen.status else "the Operator Lifecycle Manager has not processed it"


def _failed(seen: _SubscriptionState) -> str:
    kind = next((kind for kind in _TROUBLES if kind in seen.conditions), None)
    return f"{kind}: {seen.conditions[kind].get('message', '')}".rstrip(": ") if kind else ""


def _awaiting_approval(seen: _SubscriptionState) -> str:
    pending = seen.conditions.get("InstallPlanPending", {}).get("reason") == "RequiresApproval"
    if not seen.install_plan or not (pending or seen.status.get("state") == "UpgradePending"):
        return ""
    return f"the install plan {seen.install_plan} is waiting for approval"


def _not_installed(seen: _SubscriptionState) -> str:
    there = f"{seen.installed}, which is older than {seen.wanted}," if seen.installed else "nothing"
    return f"its state is {seen.status.get('state') or 'not set'}, and {there} is installed"


def _is_older(installed: str, wanted: str | None) -> bool:
    """Compare the numbers at the end of the names; names without numbers are not compared."""
    versions = [_VERSION.search(name or "") for name in (installed, wanted)]
    mine, theirs = (version_key(found[1]) if found else None for found in versions)
    return mine is not None and theirs is not None and mine < theirs


def complaint_of_version(version: Mapping[str, Any]) -> str:
    """Why the installed version does not work, according to its ClusterServiceVersion; empty if it does."""
    status = version.get("status") or {}
    if (phase := status.get("phase")) == "Succeeded":
        return ""
    detail = f": {status['message']}" if status.get("message") else ""
    return f"{version['metadata']['name']} is {phase or 'not examined yet'}{detail}"


def look_at_operator(connection: Connection, identity: ObjectId) -> str:
    """Why an operator is not ready yet; empty once it is. Raises ApiError if the server is unavailable."""
    space = f"{_API}/{identity.namespace}"
    try:
        subscription = connection.get(f"{space}/subscriptions/{identity.name}")
        if complaint := complaint_of(subscription):
            return complaint
        name = str(subscription["status"]["installedCSV"])
        return complaint_of_version(connection.get(f"{space}/clusterserviceversions/{name}"))
    except ApiError as error:
        if error.missing or error.forbidden:
            return error.message
        raise


def await_operator(
    connection: Connection, identity: ObjectId, kinds: Iterable[tuple[str, str]], began: float, timeout: float
) -> Diagnostic | None:
    """Wait until an operator has succeeded and the server serves its `kinds` (apiVersion, kind). Return None on
    success.

    Args:
        connection: The cluster.
        identity: The Subscription that requests the operator.
        kinds: The kinds that the operator installs.
        began: When waiting started, in seconds of time.monotonic().
        timeout: The timeout from then on, in seconds. The state is checked at least once.
    """
    wanted = sorted(set(kinds))

    def look() -> str:
        """The conditions that are not met yet; empty once the operator works and its kinds are served."""
        if complaint := look_at_operator(connection, identity):
            return complaint
        served: Discovery = discover(connection)
        missing = [f"{version} {kind}" for version, kind in wanted if served.find(version, kind) is None]
        return f"{', '.join(missing)} not served" if missing else ""

    try:
        wait_until(look, max(0.0, began + timeout - time.monotonic()))
    except GateClosedError as closed:
        text = f"{identity} installed no operator within {timeout:g} s: {closed}"
        return findings.plain(codes.OPERATOR_MISSING, identity, text, _help(identity, str(closed)))
    return None


def _help(identity: ObjectId, closed: str) -> str:
    if "install plan " not in closed:
        return "check its status in the Operator Lifecycle Manager, then apply again: objects that need it are missing"
    plan = closed.partition("install plan ")[2].partition(" ")[0]
    patch = (
        f"""kubectl -n {identity.namespace} patch installplan {plan} --type merge -p '{{"spec":{{"approved":true}}}}'"""
    )
    return f"review the install plan, approve it, then apply again: {patch}"
