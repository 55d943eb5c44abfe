"""The scenarios: one file each, defining `scenario`."""
