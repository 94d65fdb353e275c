"""Renders a platform to objects with provenance, and to the bundle. The entry point is `render.render_platform`."""
