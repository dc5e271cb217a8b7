"""Pure collection: the script a host runs, how its answer is read, and when to send, poll and give up."""
