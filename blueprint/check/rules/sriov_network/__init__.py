"""Rules about SriovNetwork."""
