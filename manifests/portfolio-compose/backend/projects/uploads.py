from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponseForbidden, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods


@require_http_methods(["PUT"])
def upload(request, name):
    """Keeps a picture in the media volume, from which nginx serves it."""
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.UPLOAD_TOKEN}"):
        return HttpResponseForbidden()
    stored = default_storage.save(name, ContentFile(request.body))
    return JsonResponse({"url": default_storage.url(stored)}, status=201)
