"""An agent's own account: second factors, password, session, and the way over the identity provider."""
