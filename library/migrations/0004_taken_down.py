from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0003_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="dub",
            name="taken_down_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="taken down"),
        ),
        migrations.AddField(
            model_name="dub",
            name="taken_down_reason",
            field=models.CharField(blank=True, default="", max_length=500, verbose_name="why"),
        ),
    ]
