"""Centrifugo in Django: add `"centripetal.django"` to `INSTALLED_APPS`.

from centripetal.django import proxy_view

urlpatterns = [path("centrifugo/<slug:kind>", proxy_view(proxy))]
"""

from centripetal.django.views import proxy_view

__all__ = ["proxy_view"]
