"""Rules about NodeClaim."""
