"""Tests of bot/interactions."""
