"""Waivers: findings accepted for a limited time, with a reason, an owner and the last day of the acceptance."""
