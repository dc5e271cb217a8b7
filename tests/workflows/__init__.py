"""Tests of bot.workflows."""
