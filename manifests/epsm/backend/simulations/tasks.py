import re

from celery import shared_task
from django.conf import settings
from django.db import connection

from . import engine
from .models import Simulation, Tick


@shared_task
def simulate(number):
    simulation = Simulation.objects.get(pk=number)
    # How each zone acts upon each other: a building that is too large for the worker's memory ends the worker.
    influence = bytearray(b"\1") * simulation.zones**2
    simulation.said = engine.run(
        settings.ENERGYPLUS_DOCKER_IMAGE, ["energyplus", str(simulation.zones)], settings.SIMULATION_TIMEOUT
    )
    del influence
    simulation.kwh = float(re.search(r"([0-9.]+) kWh", simulation.said)[1])
    simulation.save(update_fields=["said", "kwh"])
    return simulation.kwh


@shared_task
def tick():
    # On a new host the services are up before the first migration. To ask for the table would be an ERROR in
    # PostgreSQL's log.
    if Tick._meta.db_table in connection.introspection.table_names():
        Tick.objects.create()
