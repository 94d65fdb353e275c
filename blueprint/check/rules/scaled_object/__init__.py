"""Rules about ScaledObject."""
