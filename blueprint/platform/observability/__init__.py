"""GPU metrics, alerts and dashboards."""
