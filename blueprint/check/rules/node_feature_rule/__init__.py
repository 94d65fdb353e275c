"""Rules about NodeFeatureRule."""

GROUPS = ("nfd.k8s-sigs.io",)
