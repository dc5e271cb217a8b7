"""In-memory ports that work."""
