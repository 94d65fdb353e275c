"""A disposable control plane with simulated nodes of the blueprint."""

from blueprint.lab.access import Lab, RequestFailed

__all__ = ["Lab", "RequestFailed"]
