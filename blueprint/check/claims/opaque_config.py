"""The driver's own configuration in claims and classes, which the API server does not validate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from blueprint.bundle.model import Object, Path
from blueprint.check.claims.model import CLASS, claim_path, devices_of, requests_of, sort_of
from blueprint.check.finding import ObjectFinding, shown
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.units import quantity_value

NOT_A_CONFIG = define("BP6411", "driver-config-invalid", page=__file__)
GATE_CLOSED = define("BP6412", "sharing-gate-disabled", page=__file__)
TWO_STRATEGIES = define("BP6413", "sharing-strategies-mixed", page=__file__)
OUT_OF_BOUNDS = define("BP6414", "sharing-out-of-bounds", page=__file__)
OTHER_CLASS = define("BP6415", "config-of-another-class", page=__file__)
API = "resource.nvidia.com/v1beta1"
_MPS = {"defaultActiveThreadPercentage": int, "defaultPinnedDeviceMemoryLimit": (str, int),
        "defaultPerDevicePinnedMemoryLimit": dict, "multiUser": bool}  # fmt: skip
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "GpuConfig": {"sharing": {"strategy": str, "timeSlicingConfig": {"interval": str}, "mpsConfig": _MPS}},
    "MigDeviceConfig": {"sharing": {"strategy": str, "mpsConfig": _MPS}},
    "VfioDeviceConfig": {"iommu": {"backendPolicy": str, "enableAPIDevice": bool}},
    "ComputeDomainChannelConfig": {"domainID": str, "allocationMode": str},
    "ComputeDomainDaemonConfig": {"domainID": str},
}
_OF_DRIVER = {
    "gpu.nvidia.com": ("GpuConfig", "MigDeviceConfig", "VfioDeviceConfig"),
    "compute-domain.nvidia.com": ("ComputeDomainChannelConfig", "ComputeDomainDaemonConfig"),
}
_SORTS = {"GpuConfig": "gpu", "MigDeviceConfig": "mig", "VfioDeviceConfig": "vfio",
          "ComputeDomainChannelConfig": "channel", "ComputeDomainDaemonConfig": "daemon"}  # fmt: skip
_CHOICES = {
    "strategy": ("TimeSlicing", "MPS"),
    "interval": ("Default", "Short", "Medium", "Long"),
    "backendPolicy": ("LegacyOnly", "PreferIommuFD"),
    "allocationMode": ("Single", "All"),
}
_GATES = {"TimeSlicing": "TimeSlicingSettings", "MPS": "MPSSupport"}
_OWN = {"TimeSlicing": "timeSlicingConfig", "MPS": "mpsConfig"}
_WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "a mapping", (str, int): "a quantity"}


class Config(NamedTuple):
    """One configuration for NVIDIA's drivers: the path of its parameters, their contents, and the requests that it
    applies to.
    """

    path: Path
    driver: str
    parameters: Mapping[Any, Any]
    requests: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the configuration."""
        return str(self.parameters.get("kind", ""))


def configs(subject: Object) -> Iterator[Config]:
    """All configurations for NVIDIA's drivers in a claim or a class."""
    of_class = subject.data["kind"] == CLASS
    at = ("spec", "config") if of_class else (*claim_path(subject), "config")
    where = mapping(subject.data.get("spec")) if of_class else devices_of(subject)
    for index, each in enumerate(map(mapping, items(where.get("config")))):
        opaque = mapping(each.get("opaque"))
        if opaque.get("driver") in list(_OF_DRIVER):
            requests = tuple(map(str, items(each.get("requests"))))
            path = (*at, index, "opaque", "parameters")
            yield Config(path, str(opaque["driver"]), mapping(opaque.get("parameters")), requests)


@rule(NOT_A_CONFIG, tags=("dra",))
def formed(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kinds, fields and values that the driver does not know."""
    for each in configs(subject):
        kinds = _OF_DRIVER[each.driver]
        if each.parameters.get("apiVersion") != API:
            text = (
                f"apiVersion is {shown(each.parameters.get('apiVersion'), (), '')}, but the driver accepts only {API}"
            )
            yield ObjectFinding(NOT_A_CONFIG, (*each.path, "apiVersion"), text, f"set apiVersion: {API}")
        elif each.kind not in kinds:
            near = nearest(each.kind, kinds)
            text = f"the driver {each.driver} does not support {each.kind or 'a configuration without a kind'}"
            help_ = f"did you mean {near}?" if near else f"use one of {', '.join(kinds)}"
            yield ObjectFinding(NOT_A_CONFIG, (*each.path, "kind"), text, help_)
        else:
            rest = {key: value for key, value in each.parameters.items() if key not in ("apiVersion", "kind")}
            yield from _fields(rest, _FIELDS[each.kind], each.path)
            yield from _missing(each)


def _fields(parameters: Mapping[Any, Any], known: Mapping[str, Any], at: Path) -> Iterator[ObjectFinding]:
    for name, value in parameters.items():
        here, type_ = (*at, name), known.get(name)
        wanted: Any = dict if isinstance(type_, Mapping) else type_
        if type_ is None:
            near = nearest(str(name), known) if name != "timeSlicingConfig" else None
            help_ = f"did you mean {near}?" if near else f"remove it; allowed fields: {', '.join(known)}"
            yield ObjectFinding(NOT_A_CONFIG, here, f"the driver has no field {name} here", help_)
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            yield ObjectFinding(
                NOT_A_CONFIG,
                here,
                f"{name} must be {_WORDS[wanted]}",
                "the driver does not convert values of another type",
            )
        elif isinstance(type_, Mapping):
            yield from _fields(value, type_, here)
        elif name in _CHOICES and value not in _CHOICES[name]:
            near = nearest(str(value), _CHOICES[name])
            help_ = f"did you mean {near}?" if near else f"use one of {', '.join(_CHOICES[name])}"
            yield ObjectFinding(NOT_A_CONFIG, here, f"{name} cannot be {shown(value, (), '')}", help_)


def _missing(each: Config) -> Iterator[ObjectFinding]:
    if "domainID" in _FIELDS[each.kind] and not each.parameters.get("domainID"):
        text = "domainID, the UID of the compute domain, is missing"
        help_ = "use the ResourceClaimTemplate that the ComputeDomain names instead"
        yield ObjectFinding(NOT_A_CONFIG, each.path, text, help_)
    sharing = each.parameters.get("sharing")
    if isinstance(sharing, Mapping) and "strategy" not in sharing:
        text = "sharing.strategy is missing"
        yield ObjectFinding(NOT_A_CONFIG, (*each.path, "sharing"), text, "set it to TimeSlicing or MPS")
    if isinstance(sharing, Mapping) and sharing.get("timeSlicingConfig") == {}:
        at = (*each.path, "sharing", "timeSlicingConfig")
        yield ObjectFinding(NOT_A_CONFIG, at, "interval is missing", "set interval: Default, or remove it")


@rule(GATE_CLOSED, OUT_OF_BOUNDS, TWO_STRATEGIES, tags=("dra",))
def shared(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Sharing strategies without their feature gate, combined with another one, or out of bounds."""
    for each in configs(subject):
        at: Path = (*each.path, "sharing")
        sharing = mapping(each.parameters.get("sharing"))
        strategy = str(sharing.get("strategy"))
        gate = _GATES.get(strategy)
        dra = context.dra
        if gate and dra and dra.driver and gate not in dra.open:
            text = f"the strategy {strategy} needs the feature gate {gate}, which is disabled"
            yield ObjectFinding(GATE_CLOSED, (*at, "strategy"), text, f"set draFeatureGates: {{{gate}: true}}")
        known_fields = mapping(mapping(_FIELDS.get(each.kind)).get("sharing"))
        for other, name in _OWN.items():
            if gate and other != strategy and name in sharing and name in known_fields:
                text = f"{name} is set, but the strategy is {strategy}"
                yield ObjectFinding(TWO_STRATEGIES, (*at, name), text, f"remove it, or use strategy: {other}")
        yield from _bounds(mapping(sharing.get("mpsConfig")), (*at, "mpsConfig"))


def _bounds(mps: Mapping[Any, Any], at: Path) -> Iterator[ObjectFinding]:
    threads = mps.get("defaultActiveThreadPercentage")
    if isinstance(threads, int) and not 0 <= threads <= 100:  # noqa: PLR2004 - per cent
        text = f"defaultActiveThreadPercentage is {threads}, but must be between 0 and 100"
        yield ObjectFinding(OUT_OF_BOUNDS, (*at, "defaultActiveThreadPercentage"), text, "set it to 0 to 100")
    each = mapping(mps.get("defaultPerDevicePinnedMemoryLimit"))
    limits: dict[Path, Any] = {("defaultPerDevicePinnedMemoryLimit", name): value for name, value in each.items()}
    if "defaultPinnedDeviceMemoryLimit" in mps:
        limits[("defaultPinnedDeviceMemoryLimit",)] = mps["defaultPinnedDeviceMemoryLimit"]
    for path, value in limits.items():
        if isinstance(value, str | int) and not _mebibyte(value):
            yield ObjectFinding(
                OUT_OF_BOUNDS,
                (*at, *path),
                f"{path[-1]} is {value}, but must be at least 1Mi",
                "set it to 10Gi, for example",
            )


def _mebibyte(value: str | int) -> bool:
    try:
        return quantity_value(str(value)) >= 2**20
    except ValueError:
        return False


@rule(OTHER_CLASS, tags=("dra",))
def fitting(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Configurations for devices of another type."""
    if subject.data["kind"] == CLASS:
        sorts = {subject.id.name: sort_of(subject.id.name, context)}
    else:
        sorts = {each.name: sort_of(each.of_class, context) for each in requests_of(subject)}
    for each in configs(subject):
        expected = _SORTS.get(each.kind)
        mine = {name: sort for name, sort in sorts.items() if _is_for(name, each.requests)}
        wrong = [(name, sort) for name, sort in mine.items() if sort not in (None, expected)]
        if expected and wrong and (each.requests or len(wrong) == len(mine)):
            name, sort = wrong[0]
            right = next((kind for kind, of in _SORTS.items() if of == sort), "none")
            text = f"{each.kind} is for devices of type {expected}, but {name} is a device of type {sort}"
            override = None if each.requests or subject.data["kind"] == CLASS else Severity.WARNING
            yield ObjectFinding(OTHER_CLASS, (*each.path, "kind"), text, right, override)


def _is_for(name: str, requests: tuple[str, ...]) -> bool:
    return not requests or name in requests or name.partition("/")[0] in requests


RULES = (formed, shared, fitting)
