"""Centrifugo in Django: add `"centripetal.django"` to `INSTALLED_APPS`.

    from centripetal.django import outbox, proxy_view

    urlpatterns = [path("centrifugo/<slug:kind>", proxy_view(proxy))]

    with transaction.atomic():
        order.save()
        outbox().publish("orders", order.public())

`centripetal.django.operations.CreateOutbox` creates the table of the outbox in a migration.
"""

from centripetal.django.configuration import configured_outbox
from centripetal.django.views import proxy_view
from centripetal.django.writing import outbox

__all__ = ["configured_outbox", "outbox", "proxy_view"]
