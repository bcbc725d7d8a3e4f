"""`manage.py announce`: publish the orders that could not be published when they were committed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...live import announce
from ...models import Order


class Command(BaseCommand):
    help = "Publish the orders that are not announced yet, oldest first. Let cron run it every minute."

    def handle(self, **_: Any) -> None:
        late = Order.objects.filter(announced=False).select_related("item").order_by("pk")
        for count, order in enumerate(late):
            if not announce(order):
                raise CommandError(f"{count} announced; the others have to wait until Centrifugo answers")
