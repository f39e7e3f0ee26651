from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from simulations.models import Simulation
from simulations.release_log import logged

FIRST = {"Villa": 4, "School": 60}


class Command(BaseCommand):
    help = "Puts in what is missing; what is there already is left alone, but for the password of who reads results."

    def handle(self, *args, **options):
        with logged("seed"):
            for name, zones in FIRST.items():
                Simulation.objects.get_or_create(name=name, defaults={"zones": zones})
            self.reader(settings.DATABASES["results"])
        self.stdout.write(f"{len(FIRST)} simulations")

    def reader(self, results):
        user = connection.ops.quote_name(results["USER"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [results["USER"]])
            what = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(f"{what} ROLE {user} LOGIN PASSWORD %s", [results["PASSWORD"]])
            cursor.execute(f"GRANT SELECT ON {connection.ops.quote_name(Simulation._meta.db_table)} TO {user}")
