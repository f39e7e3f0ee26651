from django.core.management.base import BaseCommand

from projects.models import Project, Setting

SETTINGS = {"owner": "Anna Example", "language": "en"}
PROJECTS = {"Bridge": "A footbridge over the canal.", "Library": "A reading room for a small town."}


class Command(BaseCommand):
    help = "Puts in the settings and first projects that are missing; what is there already is left alone."

    def handle(self, *args, **options):
        for key, value in SETTINGS.items():
            Setting.objects.get_or_create(key=key, defaults={"value": value})
        for title, description in PROJECTS.items():
            Project.objects.get_or_create(title=title, defaults={"description": description})
        self.stdout.write(f"{len(SETTINGS)} settings, {len(PROJECTS)} projects")
