"""Rules about LeaderWorkerSet."""
