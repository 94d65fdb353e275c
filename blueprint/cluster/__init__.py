"""Works with the cluster: connect, plan, apply, wait, and maintain the inventory of applied objects."""
