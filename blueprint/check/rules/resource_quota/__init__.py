"""Rules about ResourceQuota."""
