"""Items and orders."""

from typing import Any

from django.conf import settings
from django.db import models


class Item(models.Model):
    """An item for sale; the database refuses a stock below zero."""

    name = models.CharField(max_length=100, unique=True)
    stock = models.PositiveIntegerField()


class Order(models.Model):
    """An order; `announced` is set after it was published."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()
    announced = models.BooleanField(default=False, db_index=True)

    def public(self) -> dict[str, Any]:
        """Return the part that browsers see."""
        return {"id": self.pk, "item": self.item.name, "quantity": self.quantity}
