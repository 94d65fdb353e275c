"""The version, as a plain literal: `--version` must not import anything."""

__version__ = "0.1.0"
