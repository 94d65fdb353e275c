"""Rules about ClusterRoleBinding."""

GROUPS = ("rbac.authorization.k8s.io",)
