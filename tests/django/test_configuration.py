"""The setting `CENTRIFUGO`: outboxes are made of it, and mistakes in it are reported by Django's own error."""

from typing import Any

import pytest

from centripetal import Command
from centripetal.outbox import Outbox
from tests.django.ready import make_ready

make_ready()

from django.core.exceptions import ImproperlyConfigured  # noqa: E402 - after make_ready
from django.test import override_settings  # noqa: E402

from centripetal.django.configuration import configured_outbox  # noqa: E402

commands: list[Command[Any]] = []


def test_outbox_of_the_settings() -> None:
    """The items of `OUTBOX` are the arguments of `Outbox`, and other items of the server are left to others."""
    with override_settings(CENTRIFUGO={"default": {"URL": "x", "OUTBOX": {"table": "messages", "partitions": 4}}}):
        made = configured_outbox("default")
        assert made == Outbox("messages", partitions=4)
        assert configured_outbox("default") is made
    with override_settings(CENTRIFUGO={"default": {"OUTBOX": {}}, "other": {"OUTBOX": {"notify": True}}}):
        assert configured_outbox() == Outbox()
        assert configured_outbox("other") == Outbox(notify=True)


def test_record_is_imported() -> None:
    """`record` is a function, or the path of a function that is imported at the first use."""
    for record in (commands.append, "tests.django.recording.record"):
        with override_settings(CENTRIFUGO={"default": {"OUTBOX": {"record": record}}}):
            assert callable(configured_outbox("default").record)


MISTAKES: list[tuple[Any, str]] = [
    (None, "configure no outbox for the server 'default': add it, as in CENTRIFUGO = "),
    ("http://localhost", "configure no outbox"),
    ({}, "configure no outbox"),
    ({"default": {}}, "configure no outbox"),
    ({"default": {"OUTBOX": True}}, "configure no outbox"),
    ({"default": {"OUTBOX": {"PARTITIONS": 4}}}, "unknown option 'PARTITIONS': known are table, partitions"),
    ({"default": {"OUTBOX": {"partitions": 0}}}, r"CENTRIFUGO\['default'\]\['OUTBOX'\]: partitions must"),
    ({"default": {"OUTBOX": {"table": "my table"}}}, "table must be a name"),
    ({"default": {"OUTBOX": {"record": "nowhere.at_all"}}}, "record cannot be imported: No module named 'nowhere'"),
    ({"default": {"OUTBOX": {"record": "tests.django.ready.nothing"}}}, "record cannot be imported: .*nothing"),
]


@pytest.mark.parametrize(("value", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_in_the_settings(value: Any, message: str) -> None:
    """A mistake is ImproperlyConfigured, with its place and what to do."""
    with override_settings(CENTRIFUGO=value), pytest.raises(ImproperlyConfigured, match=message):
        configured_outbox("default")


def test_an_unknown_server() -> None:
    """An alias that the setting lacks is named in the error."""
    with override_settings(CENTRIFUGO={"default": {"OUTBOX": {}}}), pytest.raises(ImproperlyConfigured, match="'chat'"):
        configured_outbox("chat")
