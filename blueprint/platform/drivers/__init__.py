"""GPU drivers: who installs them, and which branch and version each pool gets."""
