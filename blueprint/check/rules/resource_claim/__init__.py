"""Rules about ResourceClaim."""
