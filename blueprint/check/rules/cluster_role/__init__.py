"""Rules about ClusterRole."""

GROUPS = ("rbac.authorization.k8s.io",)
