from django.urls import path

from projects import uploads, views

urlpatterns = [
    path("projects/", views.index),
    path("uploads/<str:name>", uploads.upload),
    path("healthz", views.healthz),
]
