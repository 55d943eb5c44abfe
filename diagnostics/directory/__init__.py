"""Where the portal asks whether a company has this administrator: one file an adapter."""
