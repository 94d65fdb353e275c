"""Read documents into values with positions, and merge what a blueprint extends."""
