"""Rules about Topology, of Kueue and of KAI Scheduler."""
