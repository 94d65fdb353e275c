"""Talk to the cluster: connect, plan, apply, wait, and keep the record of what was applied."""
