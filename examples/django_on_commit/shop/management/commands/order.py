"""`manage.py order ann tea 2 [--outbox]`: place an order without a browser, for trying it out."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from ...live import announce_on_commit, announce_with_commit
from ...models import Item
from ...views import save_order


class Command(BaseCommand):
    help = "Place an order. Creates the customer, and the item with a stock of 3, if they do not exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer")
        parser.add_argument("item")
        parser.add_argument("quantity", type=int)
        parser.add_argument("--outbox", action="store_true", help="publish with the transaction; needs PostgreSQL")

    def handle(self, *, customer: str, item: str, quantity: int, outbox: bool, **_: Any) -> None:
        user, _new = User.objects.get_or_create(username=customer)
        Item.objects.get_or_create(name=item, defaults={"stock": 3})
        try:
            order = save_order(user, item, quantity, announce_with_commit if outbox else announce_on_commit)
        except IntegrityError:
            raise CommandError("sold out: rolled back, and nothing published") from None
        order.refresh_from_db()
        done = "announced" if order.announced else "not announced yet"
        self.stdout.write(f"order {order.pk} is placed, and {done} in orders:{user.pk}")
