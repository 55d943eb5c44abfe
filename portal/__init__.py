"""The site: everything a person or another system touches."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
