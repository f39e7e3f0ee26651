from django.urls import path

from simulations import views

urlpatterns = [
    path("health/", views.health),
    path("api/simulations/", views.simulations),
    path("api/results/", views.results),
]
