"""One file a topic: pure functions from observations to findings."""
