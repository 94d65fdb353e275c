"""Diagnostic codes of observability (BP3240 to BP3279)."""

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
`spec.observability.metrics` names a field that the exporter cannot collect. The exporter does not start with an unknown
field. Fields are named as before DCGM 4.6; the component's setting `metricNames` decides under which of its two names
each is exported.
""",
)
ALERT_LACKS_METRIC = define(
    "BP3242",
    "alert-lacks-metric",
    """
The blueprint configures an alert whose metric the exporter does not export, so the alert can never fire. Include the
metric, choose a larger set, or switch the alert off.
""",
)
METRIC_NEEDED = define(
    "BP3243",
    "metric-needed",
    """
Alerts that are on by default need this metric. Without it they are left out; the bundle's prerequisites list them.
If that is intended, disable them by name, so that the blueprint documents it.
""",
    severity=Severity.WARNING,
)
THRESHOLD_OUT_OF_RANGE = define(
    "BP3244",
    "threshold-out-of-range",
    """
The value is out of range: the alert would never fire, or always. Each alert has its unit (percent, degrees Celsius,
watts, replays per minute, minutes); a share written as 95 percent is 95. Kueue's histogram of waiting times ends at
10,240 seconds, so there can be no alert on longer ones.
""",
)
THRESHOLD_WITHOUT_USE = define(
    "BP3245",
    "threshold-without-use",
    """
The alert has no threshold: it fires on a condition. Its `for` and `severity` can be set.
""",
)
SCRAPED_TOO_OFTEN = define(
    "BP3246",
    "scraped-too-often",
    """
Prometheus would scrape the exporter more often than the exporter reads the GPUs (every 30 seconds): each value would be
stored several times without new information.
""",
    severity=Severity.WARNING,
)
SCRAPED_TOO_SELDOM = define(
    "BP3247",
    "scraped-too-seldom",
    """
The rules use rates over five minutes, which need several samples. With so few samples, rates have gaps, and alerts that
depend on them fire late or not at all.
""",
    severity=Severity.WARNING,
)
SELECTOR_LABELS_EMPTY = define(
    "BP3248",
    "selector-labels-empty",
    """
The blueprint does not declare the labels by which Prometheus selects monitors and rules. That is correct only if
Prometheus selects everything. The Prometheus of kube-prometheus-stack selects `release: NAME` unless configured
otherwise, and silently ignores the rest.
""",
    severity=Severity.WARNING,
)
EXPORTER_OFF = define(
    "BP3249",
    "exporter-off",
    """
The blueprint enables observability but disables the exporter or its monitor: there would be no metrics, and no alert
could fire. Remove one of the two.
""",
)
ALERT_IN_HASTE = define(
    "BP3250",
    "alert-in-haste",
    """
The alert would fire before a second sample confirms the first: its `for` is shorter than the scrape interval. Write
`0s` if one sample is enough.
""",
    severity=Severity.WARNING,
)
ALERT_NOT_IN_FORCE = define(
    "BP3251",
    "alert-not-in-force",
    """
The blueprint configures an alert that applies to no pool: no pool's product has a verified limit, or the platform lacks
what it monitors (a driver that the operator does not install, an exporter that is disabled, a component that the
platform does not have). A limit that is not verified is never used. Give the alert a `threshold`, or remove it.
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
The blueprint enables observability, but no pool has GPUs.
""",
    severity=Severity.WARNING,
)
METRICS_COLLIDE = define(
    "BP3254",
    "metrics-collide",
    """
GPUs with NVLink 5 count link errors in separate fields, which are in the counter file if a pool may have such GPUs. On
a GB200, DCGM 4.4 returned neither them nor this metric when both were exported (DCGM issue 265). So it is omitted
there; including it may disable the alerts about NVLink.
""",
    severity=Severity.WARNING,
)
POD_LABELS_WITHOUT_BOUND = define(
    "BP3255",
    "pod-labels-without-bound",
    """
The exporter adds the labels of pods to the metrics of their GPUs, and no list restricts them: all are added, including
those with generated values (`pod-template-hash`, `controller-uid`, job and batch names). Each new pod then creates new
series of every metric of its GPUs, and Prometheus stores them all. List the labels that you need.
""",
    severity=Severity.WARNING,
)
NAMES_UNKNOWN = define(
    "BP3256",
    "names-unknown",
    """
The exporter of this stack was built before DCGM 4.6, which gave many fields new names. It exits at the first unknown
field, so there would be no metrics at all. The earlier names work with every exporter.
""",
)
PROMETHEUS_OF_PROJECTS = define(
    "BP3257",
    "prometheus-of-projects",
    """
OpenShift's Prometheus for user projects cannot do this. It may not list Nodes, which assign each sample to its pool,
and a rule sees only series of its own namespace: no requests, no pods in other namespaces, no GPU users; series that
rules record by namespace lose that label. The Prometheus of the platform (`openshift-monitoring`) reads the operator's
namespace and supports all of this; so does a Prometheus of your own.
""",
)
WITHOUT_INSTANCES = define(
    "BP3258",
    "metric-without-instances",
    """
Every GPU of every pool is partitioned, and DCGM has no value of this metric for MIG instances: traffic over PCIe and
NVLink is counted only for whole GPUs (dcgm-exporter issue 726, DCGM issue 88). The exporter produces no series, and
panels with it stay empty.
""",
    severity=Severity.WARNING,
)
SCRAPE_TOO_SLOW = define(
    "BP3218",
    "scrape-too-slow",
    """
Prometheus rejects a monitor whose scrape timeout is longer than its interval, and does not scrape its targets.
""",
)
COLLECTED_TOO_SELDOM = define(
    "BP3359",
    "collected-too-seldom",
    """
The exporter reads the GPUs less often than Prometheus scrapes it, so the same value is stored several times, and rates
and alerts see false steps. Make the exporter's interval no longer than the scrape interval.
""",
    severity=Severity.WARNING,
)
NUMBER_WANTED = define(
    "BP3360",
    "variable-not-a-number",
    """
The program that reads this variable needs a number, and crash-loops on anything else.
""",
)
EXPORTER_OUT_OF_REACH = define(
    "BP3362",
    "exporter-out-of-reach",
    """
The exporter accepts only TLS, or authenticated users, and the monitors of `spec.observability` use plain HTTP: every
target is down, and alerts about silent exporters fire. The exporter's own ServiceMonitor follows such settings; the ones of
`spec.observability` do not.
""",
)
