"""Rules about Queue, of KAI Scheduler."""
