"""The one home of what hides secret values. Every report, plan, record, snapshot and diagnostic uses it."""
