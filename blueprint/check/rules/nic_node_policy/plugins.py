"""A NicNodePolicy: its device plugins have the same configurations as those of a NicClusterPolicy."""

from __future__ import annotations

from blueprint.check.rules.nic_cluster_policy import plugins

RULES = plugins.RULES
