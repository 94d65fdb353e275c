"""The claims of a trial's pods: their requests in words, and why a node's devices do not satisfy them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from blueprint.allocation.claims import Claim, ClaimableClass, DeviceRequest, read_claim, read_class
from blueprint.allocation.extended import IMPLICIT, claim_of
from blueprint.allocation.prove import Prover
from blueprint.allocation.slices import node_group
from blueprint.allocation.verdict import ClaimVerdict, Outcome
from blueprint.apiserver.connection import Connection
from blueprint.lab.trial.node_fit import FAR, NEAR, OTHER, NodeReason, NodeState
from blueprint.lab.trial.requests import requests_of
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.wording import counted

Json = Mapping[str, Any]
_ROOT = "/apis/resource.k8s.io/v1"
_SHOWN = 3
_READ = lazy_pattern(r"device\.(attributes|capacity)\['[^']+'\]\.")
"""The prefix of attribute names that is omitted in messages."""


class ClaimFacts(Record):
    """Everything in a lab that affects claims."""

    classes: tuple[ClaimableClass, ...] = ()
    slices: tuple[Json, ...] = ()
    specs: Mapping[tuple[str, str, str], Json] = MappingProxyType({})
    """`spec.devices` of claims and templates, by kind, namespace and name."""

    @classmethod
    def read(cls, connection: Connection) -> ClaimFacts:
        """Read the facts from the API server. Raises ApiError."""
        specs: dict[tuple[str, str, str], Json] = {}
        for each in connection.list(f"{_ROOT}/resourceclaimtemplates"):
            specs["template", each["metadata"]["namespace"], each["metadata"]["name"]] = each["spec"]["spec"]["devices"]
        for each in connection.list(f"{_ROOT}/resourceclaims"):
            specs["claim", each["metadata"]["namespace"], each["metadata"]["name"]] = each["spec"].get("devices") or {}
        classes = tuple(map(read_class, connection.list(f"{_ROOT}/deviceclasses")))
        return cls(classes, tuple(connection.list(f"{_ROOT}/resourceslices")), specs)

    def claims_of(self, spec: Json, namespace: str) -> tuple[list[Claim], list[str]]:
        """The claims of a pod, and the names of those that do not exist."""
        found: list[Claim] = []
        missing: list[str] = []
        for each in spec.get("resourceClaims") or ():
            template, name = each.get("resourceClaimTemplateName"), each.get("resourceClaimName")
            key = ("template", namespace, template) if template else ("claim", namespace, name)
            if devices := self.specs.get(key):
                found.append(read_claim(str(each["name"]), devices))
            else:
                missing.append(f"{'ResourceClaimTemplate' if template else 'ResourceClaim'} {template or name}")
        return found, missing

    def by_class(self, spec: Json) -> frozenset[str]:
        """A pod's resources for which the scheduler may create a claim."""
        behind = {each.extended_resource for each in self.classes} - {""}
        return frozenset(name for name in requests_of(spec) if name in behind or name.startswith(IMPLICIT))

    def in_words(self, spec: Json, namespace: str) -> list[str]:
        """`claim gpu (2 gpu.nvidia.com)`; selectors follow the class of a request."""
        claims, missing = self.claims_of(spec, namespace)
        words = [f"claim {claim.name} ({', '.join(map(_request, claim.every_request()))})" for claim in claims]
        return [*words, *missing]


class ClaimJudge:
    """Evaluates claims once per kind of node: nodes of one pool have the same devices."""

    def __init__(self, facts: ClaimFacts) -> None:
        self._facts = facts
        self._groups: dict[str, Any] = {}
        self._prover = Prover((), facts.classes)

    def against(self, spec: Json, namespace: str, state: NodeState, pool: str) -> list[NodeReason]:
        """Why a node does not satisfy a pod's claims; empty if the pod has none."""
        claims, missing = self._facts.claims_of(spec, namespace)
        offered = state.node["status"].get("allocatable") or {}
        by_class = [name for name in self._facts.by_class(spec) if name not in offered]
        if extended := claim_of(spec, by_class, self._facts.classes):
            claims.append(extended)
        reasons = [
            NodeReason(NEAR, f"{name} does not exist", "create it in the namespace of the pod") for name in missing
        ]
        if not claims:
            return reasons
        if pool not in self._groups:
            self._groups[pool] = node_group(pool, 1, self._facts.slices, state.name)
        verdict = self._prover.prove(claims, [self._groups[pool]])
        return [*reasons, NodeReason(_distance(verdict), _verdict_in_words(verdict, claims))]


def _distance(verdict: ClaimVerdict) -> int:
    """The distance: a node without any device of the driver is further away than one whose devices do not match."""
    if verdict.outcome is Outcome.NO_DEVICE:
        return OTHER if verdict.reasons else FAR
    return OTHER if verdict.outcome in (Outcome.ABORTS, Outcome.NO_CLASS, Outcome.REFUSED) else NEAR


def _verdict_in_words(verdict: ClaimVerdict, claims: Sequence[Claim]) -> str:
    claim = f"claim {claims[verdict.claim].name}: " if len(claims) > 1 or verdict.request else ""
    if verdict.outcome is Outcome.FITS:
        return "matching devices exist, but others have them" if verdict.at_once != 0 else f"{claim}{verdict.reason}"
    return claim + "; ".join([verdict.reason, *_devices(verdict)])


def _devices(verdict: ClaimVerdict) -> Iterator[str]:
    """Why devices do not match, by kind of device."""
    for each in verdict.reasons[:_SHOWN]:
        yield f"{each.number} {each.device}: {each.text}"
    if (more := len(verdict.reasons) - _SHOWN) > 0:
        yield counted(more, "more sort") + " of device"


def _request(request: DeviceRequest) -> str:
    number = "all" if request.all else str(request.count)
    selectors = " and ".join(_READ.sub("", each.text) for each in request.selectors)
    return f"{number} {request.device_class}" + (f" with {selectors}" if selectors else "")
