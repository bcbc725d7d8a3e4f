"""Tests of commands as methods, as seen by editors, `help()`, `inspect`, `unittest.mock` and frameworks."""

import inspect
import pydoc
import re
import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any
from unittest import mock

import pytest
from msgspec import UNSET

import centripetal
import centripetal.v1
from centripetal import HTTPReply, HTTPRequest, PublishResult
from centripetal.client.call import Awaiting, Blocking, Buffering, Collecting, exported
from centripetal.transport.memory import AwaitingMemoryTransport, MemoryTransport

URL, KEY = "http://localhost:8000", "key"
MODULES = {"centripetal": centripetal, "centripetal.v1": centripetal.v1}
CLIENTS = [(module, name) for module in MODULES for name in ("Client", "AsyncClient")]
ADDED = [
    ("centripetal.v1", name, f"add_{method}") for name in ("Client", "AsyncClient") for method in ("publish", "node")
]
METHODS = [(*client, method) for client in CLIENTS for method in ("publish", "history", "disconnect")] + ADDED

every_method = pytest.mark.parametrize(("module", "name", "method"), METHODS, ids=".".join)
every_client = pytest.mark.parametrize(("module", "name"), CLIENTS, ids=".".join)


def kind_of(module: str, name: str) -> Any:
    return getattr(MODULES[module], name)


def client_of(module: str, name: str) -> Any:
    return kind_of(module, name)(URL, KEY)


async def finished(made: Any) -> Any:
    """Return the result of a method, after awaiting it if it is a coroutine."""
    return await made if inspect.isawaitable(made) else made


@every_method
def test_a_method_belongs_to_the_public_class(module: str, name: str, method: str) -> None:
    """A method has the name of the public class, is bound to its client, is hashable and supports weak references."""
    client = client_of(module, name)
    bound, function = getattr(client, method), getattr(type(client), method)
    assert inspect.isfunction(function)
    assert inspect.ismethod(bound)
    assert (function.__name__, function.__qualname__, function.__module__) == (method, f"{name}.{method}", module)
    assert bound.__self__ is client
    assert bound == getattr(client, method)
    assert {bound: 1}[getattr(client, method)] == 1
    assert weakref.WeakMethod(bound)() == bound


@every_client
def test_methods_of_the_asyncio_client_are_coroutine_functions(module: str, name: str) -> None:
    """The asyncio client's methods are coroutine functions for `inspect`; its buffering methods are plain functions."""
    client = client_of(module, name)
    awaited = name == "AsyncClient"
    for method in ("publish", "broadcast", "history", "disconnect", "call"):
        assert inspect.iscoroutinefunction(getattr(client, method)) == awaited
        assert inspect.iscoroutinefunction(getattr(type(client), method)) == awaited
    if module == "centripetal.v1":
        assert not inspect.iscoroutinefunction(client.add_publish)


@every_method
def test_help_shows_the_types_and_documentation_of_the_command(module: str, name: str, method: str) -> None:
    """`help()` shows a method's types and documentation without internal annotations and sentinels."""
    function = getattr(kind_of(module, name), method)
    text = pydoc.render_doc(function, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
    # From Python 3.13 on, a long signature has a line for each parameter.
    assert re.search(rf"{method}\(\s*self,\s", text)
    assert "timeout: float | None = None" in text
    assert "\n    Args:\n        " in text
    assert not any(word in text for word in ("Annotated", "WholeNumber", "Unset"))
    signature = inspect.signature(function)
    assert signature.parameters["timeout"].annotation == float | None
    assert signature.return_annotation is not signature.empty


def test_the_signature_of_publish() -> None:
    """The signature of `publish` has the parameters, types and defaults that a developer would write by hand."""
    shown = str(inspect.signature(centripetal.Client.publish))
    assert shown.startswith("(self, channel: str, data: Any = UNSET, *, b64data: bytes | str | None = None, ")
    assert shown.endswith(f"timeout: float | None = None) -> {PublishResult.__module__}.PublishResult")
    assert inspect.signature(centripetal.Client.publish).parameters["tags"].annotation == Mapping[str, str] | None
    assert str(inspect.signature(centripetal.v1.Client(URL, KEY).publish)) == (
        "(channel: str, data: Any, *, client: str | None = None, uid: str | None = None, "
        "timeout: float | None = None) -> bool"
    )


@every_method
@pytest.mark.parametrize(
    ("arguments", "options", "complaint"),
    [
        ((1,) * 9, {}, "takes .* positional arguments? but 10 were given"),
        ((), {"colour": "red"}, "got an unexpected keyword argument 'colour'"),
    ],
)
async def test_wrong_arguments_are_type_errors(
    module: str, name: str, method: str, arguments: tuple[Any, ...], options: dict[str, Any], complaint: str
) -> None:
    """The error for a superfluous or unknown argument names the method, as for any function."""
    with pytest.raises(TypeError, match=rf"^{name}\.{method}\(\) {complaint}"):
        await finished(getattr(client_of(module, name), method)(*arguments, **options))


@every_client
@pytest.mark.parametrize(
    ("method", "arguments", "options", "complaint"),
    [
        ("history", (), {}, "missing 1 required positional argument: 'channel'"),
        ("broadcast", (["news"], 1), {"channels": ["x"]}, "got multiple values for argument 'channels'"),
        ("channels", (), {"colours": 1}, "got an unexpected keyword argument 'colours'"),
    ],
)
async def test_the_error_for_wrong_arguments_names_them(
    module: str, name: str, method: str, arguments: tuple[Any, ...], options: dict[str, Any], complaint: str
) -> None:
    """The error names the method and the argument that is missing, given twice or unknown."""
    with pytest.raises(TypeError, match=rf"^{name}\.{method}\(\) {complaint}$"):
        await finished(getattr(client_of(module, name), method)(*arguments, **options))


@every_client
def test_a_mock_of_a_client_checks_arguments(module: str, name: str) -> None:
    """`create_autospec` of the class rejects the calls that the class would reject."""
    mocked = mock.create_autospec(kind_of(module, name))(URL, KEY)
    for refused in (mocked.publish, lambda: mocked.publish("news", 1, dat=1)):
        with pytest.raises(TypeError):
            refused()
    made = mocked.publish("news", 1, timeout=2)
    mocked.publish.assert_called_once_with("news", 1, timeout=2)
    if name == "AsyncClient":
        made.close()


def test_missing_data_differs_from_null() -> None:
    """Passing the default of `data` is equivalent to omitting it, and None is JSON null."""
    sent = MemoryTransport(lambda _: HTTPReply(200, b'{"result":{}}'))
    client = centripetal.Client(URL, KEY, transport=sent)
    client.publish("news", None)
    client.publish("news", b64data=b"x")
    client.publish("news", UNSET, b64data=b"x")
    bodies = [request.body for request in sent.requests]
    assert bodies[0] == b'{"channel":"news","data":null}'
    assert b'"data"' not in bodies[1]
    assert bodies[1] == bodies[2]


def _answer(reply: HTTPReply, _request: HTTPRequest) -> HTTPReply:
    return reply


async def test_methods_go_through_call() -> None:
    """A subclass that overrides `call` receives every command of its methods, in both clients and generations."""
    seen: list[str] = []

    def watched(kind: Any, transport: Any) -> Any:
        class Watched(kind):  # type: ignore[misc]
            def call(self, command: Any, *args: Any, **kwargs: Any) -> Any:
                seen.append(command.name)
                return super().call(command, *args, **kwargs)

        return Watched(URL, KEY, transport=transport)

    answers = {
        "centripetal": HTTPReply(200, b'{"result":{}}'),
        "centripetal.v1": HTTPReply(200, b'[{"uid":"0","method":"publish","error":null,"body":null}]'),
    }
    for module, answer in answers.items():
        handler = partial(_answer, answer)
        watched(kind_of(module, "Client"), MemoryTransport(handler)).publish("news", 1)
        await watched(kind_of(module, "AsyncClient"), AwaitingMemoryTransport(handler)).publish("news", 1)
    assert seen == ["publish"] * 4


@pytest.mark.parametrize("kind", [Blocking, Awaiting, Collecting, Buffering])
def test_facades_must_define_call(kind: type) -> None:
    """The base classes of clients and batches cannot be instantiated."""
    with pytest.raises(TypeError, match="abstract"):
        kind()


def test_exported_classes_name_their_public_module() -> None:
    """An exported class and its own methods name their public module, and inherited methods keep theirs."""

    class Base:
        def inherited(self) -> None: ...

    @exported("somewhere")
    class Exported(Base):
        def own(self) -> None: ...

    assert (Exported.__module__, Exported.own.__module__) == ("somewhere", "somewhere")
    assert Exported.inherited.__module__ == __name__
