"""From a platform to objects with provenance, and to the bundle. `render.render_platform` is the way in."""
