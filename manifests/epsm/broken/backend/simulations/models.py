from django.db import models


class Simulation(models.Model):
    name = models.CharField(max_length=100)
    building = models.CharField(max_length=100, null=True)
    zones = models.IntegerField()
    kwh = models.FloatField(null=True)
    said = models.TextField(default="")


class Tick(models.Model):
    """One each few seconds, by beat and a worker."""

    at = models.DateTimeField(auto_now_add=True)
    worker = models.CharField(max_length=100, null=True)
