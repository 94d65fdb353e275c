"""Hardware and topology of a pool's nodes."""
