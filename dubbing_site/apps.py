from django.apps import AppConfig


class DubbingSiteConfig(AppConfig):
    """An app only for its management commands."""

    name = "dubbing_site"
