"""A stand-in for the real osqueryi: which tables a simulated host has, and how its shell answers SQL over them."""
