from django.db import models


class Setting(models.Model):
    key = models.CharField(max_length=50, primary_key=True)
    value = models.CharField(max_length=200)


class Project(models.Model):
    title = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True, null=True)
    description = models.TextField()
