from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("simulations", "0001_initial")]
    operations = [
        # It may stay empty, so that v0.2.2 can go on writing.
        migrations.AddField("Simulation", "building", models.CharField(max_length=100, null=True)),
        migrations.RunSQL("UPDATE simulations_simulation SET building = name", migrations.RunSQL.noop),
    ]
