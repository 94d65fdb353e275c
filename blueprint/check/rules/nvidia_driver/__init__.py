"""Rules about NVIDIADriver: drivers of single pools."""
