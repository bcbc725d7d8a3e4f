"""The settings of Django, which can be set only once in a process, for all tests in this process."""

__all__ = ["make_ready"]


def make_ready() -> None:
    """Configure Django unless an earlier test did."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(SECRET_KEY="x" * 50, INSTALLED_APPS=["centripetal.django"], USE_TZ=True, LOGGING_CONFIG=None)
        django.setup()
