"""Rules about NicClusterPolicy."""
