"""GPU partitioning (MIG) and sharing."""
