import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.models.preferences


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_sessions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Preferences",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preferences",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True, max_length=16, validators=[accounts.models.preferences.check_page_language]
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As the device"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=8,
                    ),
                ),
                (
                    "source_language",
                    models.CharField(
                        blank=True, max_length=35, validators=[accounts.models.preferences.check_language]
                    ),
                ),
                (
                    "target_language",
                    models.CharField(
                        blank=True, max_length=35, validators=[accounts.models.preferences.check_language]
                    ),
                ),
                (
                    "mode",
                    models.CharField(blank=True, choices=accounts.models.preferences.mode_choices, max_length=16),
                ),
                (
                    "voices",
                    models.JSONField(blank=True, default=dict, validators=[accounts.models.preferences.check_voices]),
                ),
                ("is_private", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name": "settings of a user",
                "verbose_name_plural": "settings of a user",
                "ordering": ["user"],
            },
        ),
    ]
