"""Operators that come through the Operator Lifecycle Manager: what a Subscription has come to.

A Subscription is a wish. The lifecycle manager answers it with an install plan, which may wait for a person, and then
with a ClusterServiceVersion; only when that has succeeded do the kinds exist that the operator brings.
"""

from __future__ import annotations

import re
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
from blueprint.versions import version_key

_API = f"/apis/{OPERATORS}/v1alpha1/namespaces"
_VERSION = re.compile(r"\.v?(\d+(?:\.\d+)*)$")
_TROUBLES = (
    "ResolutionFailed",
    "CatalogSourcesUnhealthy",
    "InstallPlanFailed",
    "InstallPlanMissing",
    "BundleUnpackFailed",
)
"""Conditions of a Subscription that, when true, say why nothing comes of it."""


def is_subscription(identity: ObjectId) -> bool:
    """Whether an object is a wish for an operator."""
    return (identity.group, identity.kind) == (OPERATORS, "Subscription")


def wishes_of(objects: Iterable[Object]) -> dict[str, ObjectId]:
    """The Subscription of each component that has one."""
    return {obj.component: obj.id for obj in objects if is_subscription(obj.id)}


def brought_by(obj: Object, wishes: Mapping[str, ObjectId]) -> ObjectId | None:
    """The Subscription whose operator may bring the kind of an object: that of the same component."""
    return wishes.get(obj.component) if stage_of(obj.id) is Stage.CUSTOM else None


def complaint_of(subscription: Mapping[str, Any]) -> str:
    """Why the operator has not been installed yet, by the Subscription alone; empty once it has.

    An older version than the one to start from does not count: it lacks what this bundle writes. A newer one does.
    """
    status = subscription.get("status") or {}
    installed, wanted = status.get("installedCSV"), (subscription.get("spec") or {}).get("startingCSV")
    if installed and not _is_older(installed, wanted):
        return ""
    if not status:
        return "the Operator Lifecycle Manager has not looked at it"
    conditions = {str(c.get("type")): c for c in status.get("conditions") or () if c.get("status") == "True"}
    for kind in _TROUBLES:
        if kind in conditions:
            return f"{kind}: {conditions[kind].get('message', '')}".rstrip(": ")
    plan = (status.get("installPlanRef") or {}).get("name") or (status.get("installplan") or {}).get("name")
    waits = "InstallPlanPending" in conditions and conditions["InstallPlanPending"].get("reason") == "RequiresApproval"
    if plan and (waits or status.get("state") == "UpgradePending"):
        return f"the install plan {plan} waits for somebody to approve it"
    there = f"{installed}, which is older than {wanted}," if installed else "nothing"
    return f"its state is {status.get('state') or 'not said'}, and {there} is installed"


def _is_older(installed: str, wanted: str | None) -> bool:
    """By the numbers at the end of the names; names without them are not compared."""
    versions = [_VERSION.search(name or "") for name in (installed, wanted)]
    mine, theirs = (version_key(found[1]) if found else None for found in versions)
    return mine is not None and theirs is not None and mine < theirs


def complaint_of_version(version: Mapping[str, Any]) -> str:
    """Why the installed version does not work, by its ClusterServiceVersion; empty if it does."""
    status = version.get("status") or {}
    if (phase := status.get("phase")) == "Succeeded":
        return ""
    said = f": {status['message']}" if status.get("message") else ""
    return f"{version['metadata']['name']} is {phase or 'not looked at yet'}{said}"


def look_at_operator(connection: Connection, identity: ObjectId) -> str:
    """Why an operator is not there yet, in a sentence; empty once it is. Raises ApiError where the server is gone."""
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
    """Until an operator has succeeded and the server serves the `kinds` (apiVersion, kind) it brings; None once so.

    Args:
        connection: The cluster.
        identity: The Subscription that wishes for the operator.
        kinds: What the operator brings.
        began: When waiting for it began, in seconds of time.monotonic().
        timeout: How long it has from then on, in seconds; it is looked at once in any case.
    """
    wanted = sorted(set(kinds))

    def look() -> str:
        if complaint := look_at_operator(connection, identity):
            return complaint
        served: Discovery = discover(connection)
        missing = [f"{version} {kind}" for version, kind in wanted if served.find(version, kind) is None]
        return f"{', '.join(missing)} not served" if missing else ""

    try:
        wait_until(look, max(0.0, began + timeout - time.monotonic()))
    except GateClosedError as closed:
        text = f"{identity} brought no operator within {timeout:g} s: {closed}"
        return findings.plain(codes.OPERATOR_MISSING, identity, text, _help(identity, str(closed)))
    return None


def _help(identity: ObjectId, closed: str) -> str:
    if "install plan " not in closed:
        return "see what the Operator Lifecycle Manager says of it, then apply again: nothing that needs it was written"
    plan = closed.partition("install plan ")[2].partition(" ")[0]
    patch = (
        f"""kubectl -n {identity.namespace} patch installplan {plan} --type merge -p '{{"spec":{{"approved":true}}}}'"""
    )
    return f"look at it, approve it, then apply again: {patch}"
