"""Dependencies of an object on others: if writing one of those failed, the object is not written."""

from __future__ import annotations

from blueprint.bundle.model import ObjectId
from blueprint.cluster.olm import is_subscription
from blueprint.cluster.plan_model import Plan, Step
from blueprint.kubernetes.stages import Stage, account_of, stage_of


def needs(step: Step, other: ObjectId, plan: Plan) -> bool:
    """Whether an object needs another one in the plan: its namespace, operator, account or CRD."""
    if other.kind == "Namespace":
        return step.id.namespace == other.name
    if is_subscription(other):
        subscription = next((s.object for s in plan.steps if s.id == other), None)
        return (
            subscription is not None
            and subscription.component == step.object.component
            and stage_of(step.id) > Stage.OPERATORS
        )
    if other.kind == "ServiceAccount":
        return account_of(step.object) == other
    if other.kind != "CustomResourceDefinition":
        return False
    crd = next((s.object.data["spec"] for s in plan.steps if s.id == other), None)
    return bool(crd and (crd.get("group"), (crd.get("names") or {}).get("kind")) == (step.id.group, step.id.kind))
