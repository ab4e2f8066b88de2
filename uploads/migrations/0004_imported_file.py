import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0003_receiving"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="imported",
                        serialize=False,
                        to="uploads.upload",
                    ),
                ),
                ("path", models.TextField()),
                ("modified_ns", models.BigIntegerField()),
                ("inode", models.TextField()),
            ],
        ),
    ]
