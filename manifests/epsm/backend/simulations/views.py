from pathlib import Path

import redis
from config import saml
from django.conf import settings
from django.db import connection
from django.http import JsonResponse
from django.shortcuts import render

from .models import Simulation
from .tasks import simulate

store = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)
built = Path("/built").read_text().strip()


def health(request):
    """Well when both stores answer; says which version this is, of which commit, built when."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    store.ping()
    return JsonResponse(
        {
            "version": settings.VERSION,
            "commit": settings.COMMIT,
            "built": built,
            "database": "ok",
            "redis": "ok",
            "idp": saml.entity_id(),
        }
    )


def simulations(request):
    """POST starts one; GET lists all."""
    if request.method == "POST":
        simulation = Simulation.objects.create(name=request.POST["name"], zones=int(request.POST["zones"]))
        simulate.delay(simulation.pk)
        return JsonResponse({"id": simulation.pk}, status=202)
    return JsonResponse({"simulations": list(Simulation.objects.order_by("pk").values())})


def results(request):
    """For people: what is done, as the role sees it that may read and nothing else."""
    done = Simulation.objects.using("results").exclude(kwh=None).order_by("pk")
    return render(request, "simulations/results.html", {"simulations": done, "version": settings.VERSION})
