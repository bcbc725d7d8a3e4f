"""What goes to browsers: published when the transaction has been committed, never before."""

import functools
import logging

from django.conf import settings
from django.db import transaction

from centripetal import CentripetalError, Client, Retry

from .models import Order

logger = logging.getLogger(__name__)


@functools.cache
def client() -> Client:
    """The one client of this process, made when it is first needed; threads and forked workers may share it."""
    return Client(
        settings.CENTRIFUGO_URL, settings.CENTRIFUGO_API_KEY, timeout=settings.CENTRIFUGO_TIMEOUT, retry=Retry()
    )


def announce_on_commit(order: Order) -> None:
    """Publish *order* as soon as it is in the database for good; never, if it is rolled back."""
    # Robust: whatever goes wrong from then on, the order is placed, and the visitor must not see an error.
    transaction.on_commit(functools.partial(announce, order), robust=True)


def announce(order: Order) -> bool:
    """Publish *order*, and note that in the database; whether that is done."""
    try:
        # The key makes repeating harmless: whoever tries again within five minutes publishes nothing twice.
        client().publish(f"orders:{order.customer_id}", order.public(), idempotency_key=f"order-{order.pk}")
    except CentripetalError:
        logger.exception("order %s is placed but not announced", order.pk)
        return False
    Order.objects.filter(pk=order.pk).update(announced=True)
    return True
