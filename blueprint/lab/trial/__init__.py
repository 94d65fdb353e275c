"""Tries a platform in a lab: its nodes, its objects, and workloads that request what it offers."""

from blueprint.lab.trial.golden import GoldenWorkload, one_of_each
from blueprint.lab.trial.model import Omission, Placement, TrialResult, WorkloadOutcome
from blueprint.lab.trial.result import trial_run
from blueprint.lab.trial.run import Trial, TrialOptions

__all__ = [
    "GoldenWorkload",
    "Omission",
    "Placement",
    "Trial",
    "TrialOptions",
    "TrialResult",
    "WorkloadOutcome",
    "one_of_each",
    "trial_run",
]
