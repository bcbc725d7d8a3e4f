"""The configuration of the app."""

from django.apps import AppConfig

__all__ = ["CentripetalConfig"]


class CentripetalConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """The app `centripetal.django`. Its label leaves the name `django` to Django."""

    name = "centripetal.django"
    label = "centripetal"
    verbose_name = "Centrifugo"
