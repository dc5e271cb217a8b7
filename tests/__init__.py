"""Tests mirror bot/."""
