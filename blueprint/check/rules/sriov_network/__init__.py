"""Rules about SriovNetwork."""

GROUPS = ("sriovnetwork.openshift.io",)
