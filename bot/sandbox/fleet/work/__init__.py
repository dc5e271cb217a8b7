"""What work does each kind of simulated host do? One module a kind."""
