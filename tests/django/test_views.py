"""The view that answers proxy events in Django's request cycle; `tests/handling/test_serving.py` has its outcomes."""

import asyncio
from typing import Any

import pytest

from centripetal.errors import UsageError
from tests.handling.served import SECRET, WAYS, Request, handlers


def serve(way: str, made: Any, request: Request) -> Any:
    return WAYS[way][0](made)(request)


def test_the_app_can_be_installed() -> None:
    """The label of the app is `centripetal`, so that Django's names stay free."""
    from django.apps import AppConfig

    config = AppConfig.create("centripetal.django")
    assert (config.name, config.label) == ("centripetal.django", "centripetal")


@pytest.mark.parametrize("way", ["django", "django asgi"])
def test_the_request_has_no_secret(way: str) -> None:
    """`event.context` is Django's request; the secret is in none of its headers, so error reports do not show it."""
    made = handlers(awaiting=way == "django asgi")
    seen: list[str] = []

    def look(event: Any) -> bool:
        request = event.context
        seen.append(f"{request.META} {request.headers} {getattr(request, 'scope', '')}")
        return bool(request.path == "/centrifugo/rpc")

    async def awaited(event: Any) -> bool:
        return look(event)

    made.rpc("look")(awaited if way == "django asgi" else look)
    assert serve(way, made, Request("rpc", b'{"method":"look"}')).body == b'{"result":{"data":true}}'
    assert SECRET not in seen[0]
    assert "application/json" in seen[0]


def test_a_synchronous_view_stays_synchronous() -> None:
    """A coroutine function that is registered after a synchronous view was made is an error that names it."""
    from centripetal.django import proxy_view

    made = handlers()
    assert not asyncio.iscoroutinefunction(proxy_view(made))

    async def late(event: Any) -> int:
        return 1

    with pytest.raises(UsageError, match=r"a synchronous proxy_view cannot await these coroutine functions: .*late"):
        made.rpc("late")(late)
    assert asyncio.iscoroutinefunction(proxy_view(handlers(awaiting=True)))


def test_the_limit_of_django_is_status_413() -> None:
    """A body above DATA_UPLOAD_MAX_MEMORY_SIZE gets 413, as one above `max_body`."""
    body = b'{"name":"' + b"x" * 2_700_000 + b'"}'
    assert serve("django", handlers(max_body=10_000_000), Request("connect", body)).status == 413


def test_the_view_is_exempt_from_checks_of_browsers() -> None:
    """The view is exempt from the CSRF check and from LoginRequiredMiddleware: the server has no session."""
    from centripetal.django import proxy_view

    view: Any = proxy_view(handlers())
    assert (view.csrf_exempt, view.login_required) == (True, False)
