"""Hides secret values. Used by all reports, plans, records, snapshots and diagnostics."""
