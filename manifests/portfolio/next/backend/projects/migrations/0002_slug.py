from django.db import migrations, models
from django.utils.text import slugify


def fill(apps, schema_editor):
    for project in apps.get_model("projects", "Project").objects.all():
        project.slug = slugify(project.title)
        project.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]
    operations = [
        # Filled before it must be unique. It may stay empty, so that v1.0.0 can go on writing.
        migrations.AddField("Project", "slug", models.SlugField(null=True, db_index=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("Project", "slug", models.SlugField(unique=True, null=True)),
    ]
