"""Quotas of ClusterQueues."""

from blueprint.check.common.fair_sharing import fair_sharing_off
from blueprint.check.common.kueue_versions import other_version
from blueprint.check.common.quotas import flavor_missing, limit_refused, listed_twice, resources_differ

RULES = (flavor_missing, resources_differ, listed_twice, limit_refused, other_version, fair_sharing_off)
