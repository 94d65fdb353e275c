"""Check what was rendered: schemas, names, references. `check_objects` is the way in."""

from blueprint.check.objects import check_objects

__all__ = ["check_objects"]
