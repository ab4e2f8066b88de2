from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0004_imported_file"),
    ]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="is_sealed",
            field=models.BooleanField(default=False),
        ),
    ]
