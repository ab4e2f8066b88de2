from django.db import migrations


def tell_dubs(apps, schema_editor):
    """Dubs made so far get the series, season and episode of their jobs."""
    dubs = apps.get_model("library", "Dub").objects
    filed = apps.get_model("jobs", "Job").objects.exclude(series="", season=None, episode=None)
    for job_id, series, season, episode in filed.values_list("id", "series", "season", "episode").iterator():
        dubs.filter(job_id=job_id).update(series=series, season=season, episode=episode)


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_workers"),
        ("library", "0003_places"),
    ]

    operations = [migrations.RunPython(tell_dubs, migrations.RunPython.noop)]
