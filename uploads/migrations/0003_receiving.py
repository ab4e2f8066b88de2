"""Uploads that arrive piece by piece."""

from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def all_there(apps: Any, schema_editor: Any) -> None:
    """Uploads of before were received whole."""
    apps.get_model("uploads", "Upload").objects.update(received_bytes=F("size_bytes"), updated_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0002_removed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="upload",
            name="state",
            field=models.CharField(
                choices=[("receiving", "receiving"), ("ready", "ready"), ("removed", "removed")],
                default="ready",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="sha256",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField("upload", "updated_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField("upload", "received", models.JSONField(default=list)),
        migrations.AddField("upload", "received_bytes", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("upload", "chunk_bytes", models.PositiveBigIntegerField(default=8 * 1024**2)),
        migrations.AddField("upload", "expires_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("upload", "expected_sha256", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField("upload", "writer", models.CharField(blank=True, default="", max_length=32)),
        migrations.AddField("upload", "metadata", models.JSONField(default=dict)),
        migrations.AddField("upload", "is_partial", models.BooleanField(default=False)),
        migrations.AddField("upload", "made_of", models.JSONField(default=list)),
        migrations.AddIndex(
            "upload", models.Index(fields=["state", "expires_at"], name="uploads_upl_state_ae3623_idx")
        ),
        migrations.RunPython(all_there, migrations.RunPython.noop),
    ]
