"""The requests of claims: classes, counts, and fields behind Kubernetes feature gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.claims.dra_context import DraContext
from blueprint.check.claims.model import CLASS, MOST, Request, claim_path, devices_of, requests_of, sort_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, items, mapping
from blueprint.diagnostics import Severity, define, nearest

NOT_SERVED = define("BP6402", "claims-not-served", page=__file__)
CLASS_CLOSED = define("BP6410", "class-needs-a-gate", page=__file__)
CLASS_UNKNOWN = define("BP6427", "device-class-unknown", page=__file__)
FIELD_GATED = define("BP6416", "field-behind-a-gate", page=__file__, severity=Severity.WARNING)
ADMIN_ACCESS = define("BP6417", "admin-access-not-allowed", page=__file__)
TOO_LARGE = define("BP6418", "claim-too-large", page=__file__, severity=Severity.WARNING)
MORE_THAN_A_NODE = define("BP6419", "claim-of-more-than-a-node", page=__file__)
NO_PARTITION = define("BP6420", "claim-without-partition", page=__file__)
ADMIN_LABEL = "resource.kubernetes.io/admin-access"
_FORMER = {"imex.nvidia.com": "compute-domain-default-channel.nvidia.com"}
_SLIP = 0.9
_LONGEST = 10 * 1024
_GPUS = ("gpu", "vfio")


@rule(CLASS_CLOSED, CLASS_UNKNOWN, NOT_SERVED, tags=("dra",), needs=(Capability.CLAIMS,))
def served(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims for NVIDIA's devices without a DRA driver."""
    dra = context.dra
    if dra is None or dra.driver is not None or _own_driver(dra, context):
        return
    for request in requests_of(subject):
        found = dra.devices.classes.get(request.of_class)
        if found:
            text = f"nothing publishes devices of the class {request.of_class}: this stack has no DRA driver"
            hard = found.sort not in ("channel", "daemon")
            override = None if hard else Severity.WARNING
            yield ObjectFinding(NOT_SERVED, (*request.path, "deviceClassName"), text, "set allocation: dra", override)
            return


def _own_driver(dra: DraContext, context: RuleContext) -> bool:
    """Whether a manifest contains DeviceClasses of the driver, and therefore installs the driver."""
    return any(each.id.name in dra.devices.classes for each in context.objects_of_kind(CLASS))


@rule(CLASS_CLOSED, CLASS_UNKNOWN, tags=("dra",), needs=(Capability.CLAIMS,))
def classes(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Classes without devices, and classes that nothing creates."""
    dra = context.dra
    if dra is None or dra.driver is None:
        return
    for request in requests_of(subject):
        name, at = request.of_class, (*request.path, "deviceClassName")
        if name in dra.devices.classes or context.find(CLASS, name):
            if why := _closed(sort_of(name, context), dra):
                yield ObjectFinding(CLASS_CLOSED, at, f"the class {name} has no devices: {why[0]}", why[1], why[2])
        elif name.endswith(".nvidia.com") or _alike(name, dra):
            near = _FORMER.get(name) or _alike(name, dra)
            help_ = f"did you mean {near}?" if near else f"available: {', '.join(dra.devices.classes)}"
            override = None if name in _FORMER else Severity.WARNING
            yield ObjectFinding(CLASS_UNKNOWN, at, f"nothing creates the DeviceClass {name}", help_, override)


def _alike(name: str, dra: DraContext) -> str | None:
    """The driver's class whose name closely resembles this one; `gpu.intel.com` does not."""
    near = nearest(name, dra.devices.classes)
    return near if near and SequenceMatcher(None, name, near).ratio() > _SLIP else None


def _closed(sort: str | None, dra: DraContext) -> tuple[str, str, Severity | None] | None:
    if sort == "vfio" and "PassthroughSupport" not in dra.open:
        return (
            "the feature gate PassthroughSupport is disabled",
            "set draFeatureGates: {PassthroughSupport: true}",
            None,
        )
    if sort in ("channel", "daemon") and not dra.domains:
        return "compute domains are disabled", "set nvlinkDomain in a pool, or computeDomains: always", None
    if sort in ("gpu", "mig", "vfio") and not dra.gpus:
        return "the device plugin allocates GPUs", "request nvidia.com/gpu, or set allocation: dra", None
    products = dra.products
    if sort == "mig" and products and all(each.profiles == () for each in products):
        return "no GPU in any pool supports MIG", "request gpu.nvidia.com", None
    if sort == "mig" and products and not dra.dynamic_mig and not any(each.cut for each in products):
        help_ = "set gpu.mig in a pool, or draFeatureGates: {DynamicMIG: true}"
        return "no pool's GPUs are partitioned", help_, Severity.WARNING
    return None


@rule(FIELD_GATED, tags=("dra",), needs=(Capability.CLAIMS,))
def gated(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields behind a Kubernetes feature gate."""
    dra = context.dra
    if dra is None:
        return
    for name, path in _fields(subject):
        gate = dra.devices.fields[name]
        if not gate.open_in(dra.kubernetes):
            text = f"{name} needs the feature gate {gate.gate}, which Kubernetes {dra.kubernetes} disables by default"
            override = Severity.ERROR if dra.managed else None
            yield ObjectFinding(
                FIELD_GATED,
                path,
                text,
                f"enable the feature gate, or use Kubernetes {gate.open_from}, which enables it by default",
                override,
            )


def _fields(subject: Object) -> Iterator[tuple[str, Path]]:
    if subject.data["kind"] == CLASS:
        if "extendedResourceName" in mapping(subject.data.get("spec")):
            yield "extendedResourceName", ("spec", "extendedResourceName")
        return
    for index, each in enumerate(map(mapping, items(devices_of(subject).get("requests")))):
        if each.get("firstAvailable"):
            yield "firstAvailable", (*claim_path(subject), "requests", index, "firstAvailable")
    for request in requests_of(subject):
        for name in ("adminAccess", "tolerations", "capacity"):
            if request.data.get(name):
                yield name, (*request.path, name)
    for index, each in enumerate(map(mapping, items(devices_of(subject).get("constraints")))):
        if "distinctAttribute" in each:
            yield "distinctAttribute", (*claim_path(subject), "constraints", index, "distinctAttribute")


@rule(ADMIN_ACCESS, tags=("dra",))
def admin(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Administrative access in a namespace that does not allow it."""
    name = subject.id.namespace or "default"
    for request in requests_of(subject):
        if request.data.get("adminAccess") is not True:
            continue
        at, help_ = (*request.path, "adminAccess"), f'add the label {ADMIN_LABEL}: "true" to the namespace'
        there = context.find("Namespace", name)
        if there is None:
            text = f"it is unknown whether the namespace {name} allows administrative access"
            yield ObjectFinding(ADMIN_ACCESS, at, text, help_, Severity.WARNING)
        elif mapping(mapping(there.data.get("metadata")).get("labels")).get(ADMIN_LABEL) != "true":
            yield ObjectFinding(ADMIN_ACCESS, at, f"the namespace {name} does not allow administrative access", help_)


@rule(TOO_LARGE, tags=("dra",))
def sized(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Claims that exceed the limits of the API."""
    at, devices = claim_path(subject), devices_of(subject)
    for name in ("requests", "constraints", "config"):
        if len(items(devices.get(name))) > MOST:
            number = len(items(devices[name]))
            yield ObjectFinding(
                TOO_LARGE,
                (*at, name),
                f"the claim has {number} {name}, but the API allows at most {MOST}",
                "split it into several claims",
            )
    if (number := sum(_counts(subject, lambda _: True))) > MOST:
        yield ObjectFinding(
            TOO_LARGE,
            at,
            f"the claim requests {number} devices, but the API allows at most {MOST}",
            "split it into several claims",
        )
    for request in requests_of(subject):
        yield from _too_many_selectors(request.path, request.data)
        for path, expression in request.selectors:
            if len(expression) > _LONGEST:
                text = f"the expression has {len(expression)} characters, but the API allows at most {_LONGEST}"
                yield ObjectFinding(TOO_LARGE, path, text, "shorten it")


@rule(TOO_LARGE, tags=("dra",))
def class_sized(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Classes beyond the bounds of the API."""
    yield from _too_many_selectors(("spec",), mapping(subject.data.get("spec")))


def _too_many_selectors(path: Path, of: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    if (number := len(items(of.get("selectors")))) > MOST:
        text = f"there are {number} selectors, but the API allows at most {MOST}"
        yield ObjectFinding(TOO_LARGE, (*path, "selectors"), text, "join their expressions with &&")


def _counts(subject: Object, wanted: Any) -> list[int]:
    """The number of devices by request; of alternatives, the smallest."""
    found: dict[int, int] = {}
    for request in requests_of(subject):
        number = request.count if wanted(request) else 0
        found[request.index] = min(found.get(request.index, number), number)
    return list(found.values())


@rule(MORE_THAN_A_NODE, tags=("dra",), needs=(Capability.CLAIMS,))
def on_a_node(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests for more GPUs than any node has."""
    dra = context.dra
    if dra is None or dra.driver is None or not dra.products:
        return
    most = max(each.count for each in dra.products)

    def whole(request: Request) -> bool:
        """Whether it requests whole GPUs, without administrative access."""
        return sort_of(request.of_class, context) in _GPUS and request.data.get("adminAccess") is not True

    shares = "ConsumableShares" in dra.open
    number = sum(_counts(subject, whole))
    if number > most and not shares:
        large = max(filter(whole, requests_of(subject)), key=lambda request: request.count)
        path = (*large.path, "count") if "count" in large.data else claim_path(subject)
        text = f"the claim requests {number} GPUs, but no node has more than {most}"
        yield ObjectFinding(MORE_THAN_A_NODE, path, text, f"request at most {most}")


@rule(NO_PARTITION, tags=("dra",), needs=(Capability.CLAIMS,))
def partitioned(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests for several GPUs that need not form a partition."""
    dra = context.dra
    if dra is None or "FabricManagerPartitioning" not in dra.open:
        return
    if dra.products and all(each.switched is False for each in dra.products):
        return
    constraints = map(mapping, items(devices_of(subject).get("constraints")))
    named = [str(each.get("matchAttribute", "")) for each in constraints]
    wanted = [each for each in requests_of(subject) if sort_of(each.of_class, context) in _GPUS]
    number = sum(_counts(subject, lambda request: request in wanted))
    if number > 1 and not any(each.startswith("gpu.nvidia.com/partition") for each in named):
        text = f"the claim requests {number} GPUs, but no constraint keeps them in one partition"
        help_ = f"add constraints: [{{matchAttribute: gpu.nvidia.com/partition{number}}}]"
        yield ObjectFinding(NO_PARTITION, wanted[0].path, text, help_)


RULES = (served, classes, gated, admin, sized, on_a_node, partitioned)
CLASS_RULES = (class_sized, gated)
