from django.apps import AppConfig


class DubbingSiteConfig(AppConfig):
    """An app for its management commands, and for what connections are told."""

    name = "dubbing_site"

    def ready(self) -> None:
        from dubbing_site import postgresql  # noqa: F401 - its receiver
