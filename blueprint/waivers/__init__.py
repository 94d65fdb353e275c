"""Waivers: findings that somebody accepts for a time, with a reason, an owner and a date at which they count again."""
