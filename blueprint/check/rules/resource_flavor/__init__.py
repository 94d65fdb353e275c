"""Rules about ResourceFlavor."""
