"""Rules about pods, wherever they are described."""
