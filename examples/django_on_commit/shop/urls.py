"""URLs of the shop."""

from django.urls import path

from . import views

urlpatterns = [
    path("orders", views.place),
    path("async/orders", views.place_async),
    path("outbox/orders", views.place_with_outbox),
    path("centrifugo/token", views.token),
]
