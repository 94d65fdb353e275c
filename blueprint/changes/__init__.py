"""What differs between two sets of objects, and what the difference does to nodes."""
