"""Rules about NodeFeatureDiscovery: the configuration that NFD's own operator gives to the workers."""

GROUPS = ("nfd.openshift.io", "nfd.kubernetes.io")
