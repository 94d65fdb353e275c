"""Diagnostic codes for tenants' workload templates."""

from blueprint.diagnostics import Severity, define

UNKNOWN_WORKLOAD = define(
    "BP3660",
    "unknown-workload",
    """
`workloads` names a kind of workload without a template. `blueprint explain workloads` lists the available kinds.

```yaml
tenants:
  research:
    namespaces: [research]
    quota: {train: 16}
    workloads: [gpu-job, train-job, vllm]
```
""",
)
FITS_NOWHERE = define(
    "BP3661",
    "workload-fits-no-pool",
    """
No pool that the tenant may use can hold the workload: it has too few nodes or too little quota, or its GPUs are
partitioned or shared, and processes on several nodes need whole ones. The notes give the reason of each pool. Give the
tenant quota of a pool that fits, or remove the workload.
""",
)
LISTED_TWICE = define(
    "BP3662",
    "workload-listed-twice",
    """
`workloads` lists the same kind of workload twice. Its files are written once.
""",
    severity=Severity.WARNING,
)
NOT_QUEUED = define(
    "BP3663",
    "workload-not-queued",
    """
Kueue does not manage this kind of workload, because the setting `frameworks` does not include it. Such workloads bypass
all quotas. Add the kind to `components.kueue.settings.frameworks`, or remove the workload.
""",
)
SLOWER_THAN_TIMEOUT = define(
    "BP3664",
    "serving-slower-than-timeout",
    """
Kueue stops a workload whose pods are not ready within `podsReadyTimeout`. Loading a model takes minutes, so with this
short timeout a server would be stopped and restarted forever. Ten minutes are enough for small models; large ones take
half an hour.
""",
    severity=Severity.WARNING,
)
WITHOUT_GANG = define(
    "BP3665",
    "workload-without-gang",
    """
The workload has several pods that depend on each other, and nothing starts them together: the platform has no queue, or
the tenant no quota. Two such workloads can each get a part of the GPUs and wait for the rest forever. Add `queueing:
{kueue: {}}` and a quota.
""",
    severity=Severity.WARNING,
)
