"""One file a probe: it asks one question of the network or of a record and writes the answer down; it never judges."""
