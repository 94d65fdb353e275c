"""A declarative blueprint compiler for GPU platforms on Kubernetes."""

from blueprint._version import __version__

__all__ = ["__version__"]
