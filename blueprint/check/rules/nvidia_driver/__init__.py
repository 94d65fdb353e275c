"""Rules about NVIDIADriver: drivers of single pools."""

GROUPS = ("nvidia.com",)
