from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0004_taken_down"),
    ]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="is_sealed",
            field=models.BooleanField(default=False),
        ),
    ]
