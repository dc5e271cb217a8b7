"""Diffy: finds the hosts of a group that stand out, and says why."""
