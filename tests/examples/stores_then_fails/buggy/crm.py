import json

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["crm.example"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    ROOT_URLCONF=__name__,
)
django.setup()


class MessageEvent(models.Model):
    user = models.TextField()
    event = models.TextField()
    at = models.TextField()
    url = models.TextField()

    class Meta:
        app_label = "crm"


def receive(request):
    stored = MessageEvent.objects.create(
        user=request.GET["user"], event=request.GET["event"], at=request.GET["at"]
    )
    # Only a Click has a url: for all others this fails, and what was stored stays.
    stored.url = json.loads(request.GET["parameters"])["url"]
    stored.save()
    return HttpResponse(status=204)


urlpatterns = [path("events", receive)]
application = get_wsgi_application()

with connection.schema_editor() as editor:
    editor.create_model(MessageEvent)
