"""`spec.observability`: the Prometheus that monitors the GPUs, its metrics, and its alerts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator

from blueprint.spec.base import Model
from blueprint.spec.forms import LabelKey, LabelValue, Name, form, to_tuple

DURATION = form(r"[0-9]+[smhd]", "a number and a unit: 30s, 10m, 2h, 1d")
INTERVAL = form(r"[1-9][0-9]*[smh]", "a number and a unit: 30s, 1m")
METRIC = form(r"[A-Z][A-Z0-9_]*", "a field of DCGM, like DCGM_FI_DEV_GPU_TEMP")

Duration = Annotated[str, Field(pattern=DURATION)]
MetricNames = Annotated[tuple[Annotated[str, Field(pattern=METRIC)], ...], BeforeValidator(to_tuple)]


class PrometheusSpec(Model):
    """An existing Prometheus that the Prometheus Operator runs."""

    namespace: Name = Field(examples=["monitoring"], description="Its namespace.")
    monitor_namespace: Name | None = Field(
        examples=["gpu-monitoring"],
        default=None,
        description="Where monitors, rules and dashboards are put: a namespace in which it looks for them, if it does "
        "not look in its own. Default: its own.",
    )
    selector_labels: dict[LabelKey, LabelValue] = Field(
        examples=[{"release": "kps"}, {}],
        description="Labels by which it selects ServiceMonitors; {} if it selects every one.",
    )
    rule_selector_labels: dict[LabelKey, LabelValue] | None = Field(
        examples=[{"role": "alert-rules"}],
        default=None,
        description="Labels by which it selects PrometheusRules. Default: the same.",
    )
    scrape_interval: Annotated[str, Field(pattern=INTERVAL)] = Field(
        examples=["30s"], default="30s", description="How often it reads the exporters."
    )


class MetricsSpec(Model):
    """The metrics of the exporter. The name of a set selects that set."""

    set: Literal["minimal", "standard", "full"] = Field(
        default="standard", description="The set to start from: each is part of the next."
    )
    include: MetricNames = Field(
        examples=[["DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL"]],
        default=(),
        description="Additional metrics, by the names that they had before DCGM 4.6.",
    )
    exclude: MetricNames = Field(examples=[["DCGM_FI_DEV_FB_FREE"]], default=(), description="Metrics to leave out.")

    @model_validator(mode="before")
    @classmethod
    def _name(cls, value: Any) -> Any:
        return {"set": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        names = {"type": "string", "enum": ["minimal", "standard", "full"]}
        return {"anyOf": [names, handler.resolve_ref_schema(handler(core))]}


class AlertSpec(Model):
    """Differences from an alert's defaults."""

    enabled: bool = Field(default=True, description="false disables it; the bundle records that.")
    threshold: Annotated[int, Field(ge=0)] | None = Field(
        examples=[80],
        default=None,
        description="The limit, in the alert's own unit, for every pool. Default: the product's, or ours.",
    )
    lasting: Duration | None = Field(
        examples=["10m"], default=None, alias="for", description="How long it must hold before it fires."
    )
    severity: Literal["info", "warning", "critical"] | None = Field(
        default=None, description="Its severity; Alertmanager routes by it."
    )


class ObservabilitySpec(Model):
    """The monitoring of nodes and GPUs. Without this section, nothing of it is rendered."""

    prometheus: PrometheusSpec = Field(
        examples=[{"namespace": "monitoring", "selectorLabels": {"release": "kps"}}],
        description="The Prometheus that scrapes the metrics.",
    )
    metrics: MetricsSpec = Field(
        examples=["standard", {"set": "minimal", "include": ["DCGM_FI_DEV_GPU_TEMP"]}],
        default={},
        validate_default=True,
        description="What the exporter exports.",
    )
    alerts: dict[str, AlertSpec] = Field(
        examples=[{"GpuTemperatureHigh": {"threshold": 80}, "GpuUtilizationLow": {"enabled": False}}],
        default={},
        description="Alerts by name, where they differ from the defaults.",
    )
    dashboards: bool = Field(default=True, description="Whether dashboards for Grafana are rendered.")
