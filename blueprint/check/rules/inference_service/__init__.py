"""Rules about InferenceService of KFServing, which is KServe today."""

GROUPS = ("serving.kubeflow.org",)
