"""Tests of bot/workflows."""
