"""The REST API for helpdesks and other systems, at /api/v1/."""
