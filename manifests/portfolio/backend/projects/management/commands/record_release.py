from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Appends a row to release_log, without looking at what stands there. Tests count the rows."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["start", "done"])

    def handle(self, *args, **options):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS release_log ("
                " id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),"
                " tag text NOT NULL, what text NOT NULL)"
            )
            cursor.execute("INSERT INTO release_log (tag, what) VALUES (%s, %s)", [settings.TAG, options["what"]])
        self.stdout.write(f"release {settings.TAG}: {options['what']}")
