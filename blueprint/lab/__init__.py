"""A throw-away control plane with the blueprint's nodes simulated."""

from blueprint.lab.access import Lab, RequestFailed

__all__ = ["Lab", "RequestFailed"]
