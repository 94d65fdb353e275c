"""Rules about NicNodePolicy."""

GROUPS = ("mellanox.com",)
