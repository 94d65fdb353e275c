"""Codes of how a blueprint has its GPUs watched (BP3240 to BP3279)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

UNKNOWN_ALERT = define(
    "BP3240",
    "unknown-alert",
    """
`spec.observability.alerts` names an alert that does not exist. Names are those of the pages under `docs/runbooks/`.
""",
)
UNKNOWN_METRIC = define(
    "BP3241",
    "unknown-metric",
    """
`spec.observability.metrics` names no field that the exporter could be told to count. The exporter does not start with
a field that it does not know. Fields are named as before DCGM 4.6; the component's setting `metricNames` decides
under which of its two names each is exported.
""",
)
ALERT_LACKS_METRIC = define(
    "BP3242",
    "alert-lacks-metric",
    """
The blueprint sets up an alert whose metric the exporter is not told to export, so the alert could never fire and
nobody would notice. Include the metric, choose a larger set, or switch the alert off.
""",
)
METRIC_NEEDED = define(
    "BP3243",
    "metric-needed",
    """
Alerts that are on by default need this metric. Without it they are left out; the bundle's prerequisites list them.
Switch them off by name if that is meant: then the blueprint itself says what nobody is warned about.
""",
    severity=Severity.WARNING,
)
THRESHOLD_OUT_OF_RANGE = define(
    "BP3244",
    "threshold-out-of-range",
    """
No GPU reaches this value, or every GPU does: the alert would never fire, or always. Each alert has its unit (percent,
degrees Celsius, watts, replays per minute); a share written as 95 percent is 95.
""",
)
THRESHOLD_WITHOUT_USE = define(
    "BP3245",
    "threshold-without-use",
    """
The alert has no threshold: it fires when something is so or not so. Its `for` and `severity` can be set.
""",
)
SCRAPED_TOO_OFTEN = define(
    "BP3246",
    "scraped-too-often",
    """
Prometheus would read the exporter more often than the exporter reads the GPUs (every 30 seconds): each value would be
stored several times, and nothing more be known.
""",
    severity=Severity.WARNING,
)
SCRAPED_TOO_SELDOM = define(
    "BP3247",
    "scraped-too-seldom",
    """
The rules look at rates over five minutes, which need several samples. With so few of them, rates have gaps, and
alerts that depend on them come late or not at all.
""",
    severity=Severity.WARNING,
)
SELECTOR_LABELS_EMPTY = define(
    "BP3248",
    "selector-labels-empty",
    """
Nothing is said about the labels by which Prometheus selects monitors and rules. That is right only for one that
selects everything. The Prometheus of kube-prometheus-stack selects `release: NAME` unless it was told otherwise, and
ignores the rest without a word.
""",
    severity=Severity.WARNING,
)
EXPORTER_OFF = define(
    "BP3249",
    "exporter-off",
    """
The blueprint says that GPUs are watched, and switches off the exporter or its monitor: there would be no metrics, and
every alert would be blind. Remove one of the two.
""",
)
ALERT_IN_HASTE = define(
    "BP3250",
    "alert-in-haste",
    """
The alert would fire before a second sample confirms the first: its `for` is shorter than the scrape interval. `0s`
says that one sample is enough.
""",
    severity=Severity.WARNING,
)
ALERT_NOT_IN_FORCE = define(
    "BP3251",
    "alert-not-in-force",
    """
The blueprint sets up an alert that is in force nowhere: nobody knows the limit of the pools' products for certain, or
what it watches is not there (a driver that the operator does not install, an exporter that is switched off). A limit
that is not verified is never used. Give the alert a `threshold`, or remove it.
""",
    severity=Severity.WARNING,
)
METRIC_BOTH_WAYS = define(
    "BP3252",
    "metric-both-ways",
    """
The same metric is included and excluded.
""",
)
NOTHING_TO_WATCH = define(
    "BP3253",
    "nothing-to-watch",
    """
The blueprint says how GPUs are watched, and no pool has any.
""",
    severity=Severity.WARNING,
)
