"""Ask image registries whether they have what the platform pulls."""

from blueprint.registry.credentials import Credentials, read_credentials
from blueprint.registry.verify import Verified, Wanted, verify_images

__all__ = ["Credentials", "Verified", "Wanted", "read_credentials", "verify_images"]
