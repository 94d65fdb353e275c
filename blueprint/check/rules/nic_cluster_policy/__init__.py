"""Rules about NicClusterPolicy."""

GROUPS = ("mellanox.com",)
