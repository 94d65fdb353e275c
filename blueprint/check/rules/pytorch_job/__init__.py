"""Rules about PyTorchJob."""

GROUPS = ("kubeflow.org",)
