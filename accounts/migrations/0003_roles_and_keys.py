import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def roles_of_flags(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects
    users.filter(is_superuser=True).update(role="admin", is_staff=True)
    users.filter(is_superuser=False, is_staff=True).update(role="moderator")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_audit_entries"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[
                    ("viewer", "Viewer"),
                    ("editor", "Editor"),
                    ("moderator", "Moderator"),
                    ("admin", "Administrator"),
                ],
                default="editor",
                max_length=16,
                verbose_name="role",
            ),
        ),
        migrations.RunPython(roles_of_flags, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_staff", False), ("is_superuser", False), ("role__in", ["viewer", "editor"])),
                    models.Q(("is_staff", True), ("is_superuser", False), ("role", "moderator")),
                    models.Q(("is_staff", True), ("is_superuser", True), ("role", "admin")),
                    _connector="OR",
                ),
                name="user_flags_follow_role",
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("scopes", models.JSONField()),
                ("secret_sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "ordering": ["-created_at", "-id"],
            },
        ),
    ]
