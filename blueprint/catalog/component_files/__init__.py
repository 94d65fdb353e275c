"""Schemas of the files that a component's folder may contain in addition to `component.yaml`.

| module | files | contents |
|---|---|---|
| `devices` | `devices.yaml` | what a DRA driver publishes of each device, and its classes |
| `effects` | `effects.yaml` | what a change of the component's objects does to nodes |
| `feature_gates` | `feature-gates.yaml` | the feature gates of a DRA driver |
| `lab_programs` | `lab.yaml` | how a lab runs the component's manager on its own machine |
| `lab_schedulers` | `lab-scheduler.yaml` | how a lab runs a scheduler that the component's operator installs |
| `monitoring` | `metrics.yaml`, `alerts.yaml`, `records.yaml`, `dashboards.yaml` | what is exported and shown |
| `node_marks` | `nodes.yaml` | the labels, annotations and taints that its operators read or write |
"""
