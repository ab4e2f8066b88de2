from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0002_artifact_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="dub",
            name="series",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="dub", name="season", field=models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="dub", name="episode", field=models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddIndex(
            model_name="dub",
            index=models.Index(fields=["owner", "series", "season", "episode"], name="library_dub_series"),
        ),
    ]
