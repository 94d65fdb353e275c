"""`lab run` with workloads for users: kinds without a controller, labels that queues add, and parts that are not
simulated.
"""

from __future__ import annotations

from blueprint.bundle.model import USERS, Object
from blueprint.lab.trial.inputs import workload_of

JOBSET = {
    "apiVersion": "jobset.x-k8s.io/v1alpha2",
    "kind": "JobSet",
    "metadata": {"name": "train", "namespace": "team", "labels": {"queue": "a"}},
    "spec": {
        "replicatedJobs": [
            {
                "name": "workers",
                "replicas": 2,
                "template": {
                    "spec": {
                        "parallelism": 3,
                        "template": {"metadata": {"labels": {"role": "worker"}}, "spec": {"containers": []}},
                    }
                },
            }
        ]
    },
}


def test_as_many_pods_as_declared_are_created_from_the_template() -> None:
    workload = workload_of(Object(JOBSET, USERS))

    assert workload.stood_in
    assert [each.id.name for each in workload.followed] == [f"train-0-{number}" for number in range(6)]
    metadata = workload.followed[0].data["metadata"]
    own = {"queue": "a", "role": "worker"}
    of_the_controller = {"jobset-name": "train", "replicatedjob-name": "workers", "job-index": "0"}
    assert metadata["labels"] == {
        **own,
        **{f"jobset.sigs.k8s.io/{name}": value for name, value in of_the_controller.items()},
    }
    assert metadata["annotations"] == {"gpublueprint.dev/stand-in-for": "JobSet/train"}
