"""The settings page about webhooks: who is told of cases, and what became of each delivery."""
