from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class DubbingSiteConfig(AppConfig):
    """An app for its management commands, and for what connections are told."""

    name = "dubbing_site"

    def ready(self) -> None:
        from dubbing_site import checks, egress, postgresql  # noqa: F401 - checks and a receiver, by their import

        egress.enforce()


class AdministrationConfig(admin_apps.AdminConfig):
    """Django's administration behind this site's own door."""

    default = False  # not what "dubbing_site" among the apps stands for
    default_site = "dubbing_site.admin_site.SecondFactorAdminSite"
