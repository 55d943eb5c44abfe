"""One case for agents: its page and timeline, the difference of two runs, what is done there, and what leaves it."""
