"""No two people are told apart by capitals alone: signing in looks names up without regard to them."""

import django.db.models.functions.text
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def check_names(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    seen: set[str] = set()
    for name in apps.get_model("accounts", "User").objects.values_list("username", flat=True):
        if name.lower() in seen:
            raise ValueError(f"two accounts are called {name.lower()!r} but for capitals: rename one of them first")
        seen.add(name.lower())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_invites_and_pairings")]
    operations = [
        migrations.RunPython(check_names, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("username"),
                name="user_username_unique",
                violation_error_message="Somebody else already uses this name.",
            ),
        ),
    ]
