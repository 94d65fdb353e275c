"""Queries image registries for the images that the platform pulls."""

from blueprint.registry.credentials import Credentials, read_credentials
from blueprint.registry.verify import RequiredImage, Verification, verify_images

__all__ = ["Credentials", "RequiredImage", "Verification", "read_credentials", "verify_images"]
