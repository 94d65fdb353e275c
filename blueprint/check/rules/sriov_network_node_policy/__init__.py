"""Rules about SriovNetworkNodePolicy."""

GROUPS = ("sriovnetwork.openshift.io",)
