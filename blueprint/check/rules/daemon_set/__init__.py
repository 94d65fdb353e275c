"""Rules about DaemonSet."""
