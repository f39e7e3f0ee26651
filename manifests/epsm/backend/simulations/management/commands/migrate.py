from django.core.management.commands import migrate

from simulations.release_log import logged


class Command(migrate.Command):
    """Django's own, and two rows in the log."""

    def handle(self, *args, **options):
        with logged("migrate"):
            super().handle(*args, **options)
