"""Rules about ResourceClaimTemplate."""
