"""Rules about NVIDIADriver: drivers for individual pools."""

GROUPS = ("nvidia.com",)
