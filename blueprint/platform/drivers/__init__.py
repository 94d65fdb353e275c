"""GPU drivers: who installs them, and the branch and version for each pool."""
