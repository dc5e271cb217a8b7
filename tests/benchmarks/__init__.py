"""Tests of the query packs."""
