"""Rules about DeviceClass."""

GROUPS = ("resource.k8s.io",)
