"""Field paths of objects, as `source.paths` writes and reads them."""

from blueprint.source.paths import format_path, from_pointer, parse_path, pointer

__all__ = ["format_path", "from_pointer", "parse_path", "pointer"]
