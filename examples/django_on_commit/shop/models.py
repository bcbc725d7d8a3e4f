"""What is sold, and what was ordered."""

from typing import Any

from django.conf import settings
from django.db import models


class Item(models.Model):
    """Something on the shelf; the database refuses a stock below zero."""

    name = models.CharField(max_length=100, unique=True)
    stock = models.PositiveIntegerField()


class Order(models.Model):
    """An order; `announced` once it has been published."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()
    announced = models.BooleanField(default=False, db_index=True)

    def public(self) -> dict[str, Any]:
        """What browsers see of it."""
        return {"id": self.pk, "item": self.item.name, "quantity": self.quantity}
