import redis
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.http import JsonResponse
from django.shortcuts import render

from .models import Project, Setting

store = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)


def index(request):
    return render(
        request,
        "projects/index.html",
        {
            "tag": settings.TAG,
            "owner": Setting.objects.get(key="owner").value,
            "projects": Project.objects.order_by("title"),
            "visits": store.incr("visits"),
        },
    )


def healthz(request):
    """Well when both stores answer; says which version this is and how far the database has been migrated."""
    store.ping()
    migration = MigrationRecorder.Migration.objects.filter(app="projects").latest("id").name
    return JsonResponse({"tag": settings.TAG, "database": "ok", "redis": "ok", "migration": migration})
