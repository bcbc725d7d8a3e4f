"""Live messages for browsers, published after the transaction commits, or with it."""

import functools
import logging

from django.conf import settings
from django.db import transaction

from centripetal import CentripetalError, Client, Retry
from centripetal.django import outbox

from .models import Order

logger = logging.getLogger(__name__)


@functools.cache
def client() -> Client:
    """Return the client of this process, created on first use. Threads and forked workers can share it."""
    return Client(
        settings.CENTRIFUGO_URL, settings.CENTRIFUGO_API_KEY, timeout=settings.CENTRIFUGO_TIMEOUT, retry=Retry()
    )


def announce_on_commit(order: Order) -> None:
    """Publish *order* after the transaction commits, and never if it is rolled back."""
    # robust=True: the order is already placed, so the visitor must not see an error if the callback fails.
    transaction.on_commit(lambda: announce(order), robust=True)


def announce(order: Order) -> bool:
    """Publish *order*, record this in the database, and return whether it succeeded."""
    try:
        # The key makes repeating safe: a retry within five minutes does not publish a duplicate.
        client().publish(f"orders:{order.customer_id}", order.public(), idempotency_key=f"order-{order.pk}")
    except CentripetalError:
        logger.exception("order %s is placed but not announced", order.pk)
        return False
    Order.objects.filter(pk=order.pk).update(announced=True)
    return True


def announce_with_commit(order: Order) -> None:
    """Publish *order* if and only if the transaction commits, even if this process or Centrifugo fails right after."""
    outbox().publish(f"orders:{order.customer_id}", order.public())
    Order.objects.filter(pk=order.pk).update(announced=True)
