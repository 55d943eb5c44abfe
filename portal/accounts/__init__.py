"""Agents' accounts: who somebody is, how they prove it, and for how long."""
