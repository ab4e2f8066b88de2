from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_roles_and_keys")]

    operations = [
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("taken", models.PositiveIntegerField()),
                ("ends_at_ms", models.BigIntegerField(db_index=True)),
            ],
        ),
    ]
