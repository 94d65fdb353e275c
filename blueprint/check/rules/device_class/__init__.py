"""Rules about DeviceClass."""
