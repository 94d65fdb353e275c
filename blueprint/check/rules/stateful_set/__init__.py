"""Rules about StatefulSet."""
