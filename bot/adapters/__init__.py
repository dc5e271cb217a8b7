"""One outside library per module."""
