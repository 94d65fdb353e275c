"""Rules about PrometheusRule objects."""

GROUPS = ("monitoring.coreos.com",)
