"""The parts of chaos that live in the site's own processes."""

from django.apps import AppConfig

from tests.chaos import transactions


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        transactions.watch()
