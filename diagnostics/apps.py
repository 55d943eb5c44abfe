from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class DiagnosticsConfig(AppConfig):
    name = "diagnostics"
    verbose_name = "Diagnostics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from diagnostics import articles, vendors
        from diagnostics import system_checks as _registers_itself  # noqa: F401

        folders = [Path(settings.VENDORS_DIR)] if settings.VENDORS_DIR else []
        if settings.LAB:
            lab = Path(__file__).parent / "lab"
            folders.insert(0, lab / "vendors")
            articles.use(lab / "articles")
        vendors.use(*folders)
