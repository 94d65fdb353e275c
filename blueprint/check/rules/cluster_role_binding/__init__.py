"""Rules about ClusterRoleBinding."""
