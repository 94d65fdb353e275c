"""Rules about PrometheusRule objects."""
