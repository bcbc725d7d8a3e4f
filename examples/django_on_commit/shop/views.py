"""Views for placing an order, and for the token that the shop's pages connect with."""

from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from centripetal.tokens import connection_token

from .live import announce_on_commit, announce_with_commit
from .models import Item, Order


def save_order(
    customer: AbstractBaseUser, name: str, quantity: int, announce: Callable[[Order], None] = announce_on_commit
) -> Order:
    """Place an order, or raise IntegrityError if the stock is too low."""
    with transaction.atomic():
        item = get_object_or_404(Item, name=name)
        order = Order.objects.create(customer=customer, item=item, quantity=quantity)
        announce(order)
        Item.objects.filter(pk=item.pk).update(stock=F("stock") - quantity)  # may roll everything back
    return order


@require_POST
@login_required
def place(request: HttpRequest) -> JsonResponse:
    """POST item=tea&quantity=2."""
    try:
        order = save_order(request.user, request.POST["item"], int(request.POST["quantity"]))
    except IntegrityError:
        return JsonResponse({"error": "sold out"}, status=409)
    return JsonResponse({"order": order.pk}, status=201)


@require_POST
@login_required
async def place_async(request: HttpRequest) -> JsonResponse:
    """Place an order under ASGI. The transaction and its publication run in the same thread."""
    try:
        user = await request.auser()
        order = await sync_to_async(save_order)(user, request.POST["item"], int(request.POST["quantity"]))
    except IntegrityError:
        return JsonResponse({"error": "sold out"}, status=409)
    return JsonResponse({"order": order.pk}, status=201)


@require_POST
@login_required
def place_with_outbox(request: HttpRequest) -> JsonResponse:
    """Like `place`; the publication is a row of the same transaction. Needs PostgreSQL."""
    try:
        item, quantity = request.POST["item"], int(request.POST["quantity"])
        order = save_order(request.user, item, quantity, announce_with_commit)
    except IntegrityError:
        return JsonResponse({"error": "sold out"}, status=409)
    return JsonResponse({"order": order.pk}, status=201)


@login_required
def token(request: HttpRequest) -> JsonResponse:
    """Return the page's connection token, which subscribes it to the visitor's own orders."""
    user = request.user
    made = connection_token(settings.CENTRIFUGO_TOKEN_SECRET, user.pk, channels=[f"orders:{user.pk}"])
    return JsonResponse({"token": made})
