"""Measures speed and detection quality; prints figures, asserts nothing about time."""
