from pathlib import Path

from celery import Celery
from celery.signals import before_task_publish, heartbeat_sent

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


# Nobody can ask the worker and beat over HTTP how they are. So each touches a file of its own container, and the health
# check looks how old it is: the worker's heart beats every two seconds, and beat lives as long as it sends tasks.
def alive(**_):
    Path("/tmp/alive").touch()


for signal in (heartbeat_sent, before_task_publish):
    signal.connect(alive)
