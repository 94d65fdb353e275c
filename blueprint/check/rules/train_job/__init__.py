"""Rules about TrainJob."""

GROUPS = ("trainer.kubeflow.org",)
