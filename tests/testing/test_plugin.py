"""Tests of the pytest plugin in separate pytest processes with small test files."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PLAIN = """
import pytest
from centripetal.testing import ANYTHING

def test_server(centrifugo_v1):
    client = centrifugo_v1.client()
    client.publish("news", {"text": "hi"})
    centrifugo_v1.assert_published_exactly([("news", {"text": "hi"})])

def test_it_is_fresh(centrifugo_v1, centrifugo_v1_recorder):
    centrifugo_v1.assert_nothing_published()
    centrifugo_v1_recorder.assert_nothing_published()

def test_recorder(centrifugo_v1_recorder):
    centrifugo_v1_recorder.client().broadcast(["a", "b"], 1)
    centrifugo_v1_recorder.assert_published_exactly({"b": [1], "a": [ANYTHING]})
"""

ASYNCIO = """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_server(centrifugo_v1):
    async with centrifugo_v1.async_client() as client:
        task = asyncio.create_task(client.publish("news", 1))
        await centrifugo_v1.until_published("news", 1)
        await task
        centrifugo_v1.fail_next("refuse")
        with pytest.raises(Exception, match="connection refused"):
            await client.publish("news", 2)

@pytest.mark.asyncio
@pytest.mark.centrifugo(config={"anonymous": True})
async def test_browser(centrifugo_v1):
    async with centrifugo_v1.async_client() as client, centrifugo_v1.connect() as browser:
        await browser.subscribe("news")
        task = asyncio.create_task(client.publish("news", 1))
        assert [each.data for each in await browser.wait_for("news")] == [1]
        await task

@pytest.mark.asyncio
async def test_recorder(centrifugo_v1_recorder):
    client = centrifugo_v1_recorder.async_client()
    task = asyncio.create_task(client.publish("news", 1))
    await centrifugo_v1_recorder.until_published("news", 1)
    assert await task
"""

ANYIO = """
import anyio
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def client(centrifugo_v1):
    async with centrifugo_v1.async_client() as client:
        yield client

@pytest.mark.anyio
async def test_server(centrifugo_v1, client):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.publish, "news", 1)
        await centrifugo_v1.until_published("news", 1)

@pytest.fixture
async def browser(centrifugo_v1):
    async with centrifugo_v1.connect() as browser:
        yield browser

@pytest.mark.anyio
@pytest.mark.centrifugo(config={"anonymous": True})
async def test_browser(browser, client):
    await browser.subscribe("news")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.publish, "news", 1)
        assert [each.data for each in await browser.wait_for("news")] == [1]

@pytest.mark.anyio
async def test_blocking_client_in_a_thread(centrifugo_v1_recorder):
    await anyio.to_thread.run_sync(centrifugo_v1_recorder.client().publish, "news", 1)
    centrifugo_v1_recorder.assert_published("news", 1)
"""

MANY = """
import pytest

@pytest.mark.parametrize("n", range(20))
@pytest.mark.centrifugo(config={"anonymous": True})
def test_server(centrifugo_v1, n):
    client = centrifugo_v1.client()
    with centrifugo_v1.connect() as browser:
        browser.subscribe("news")
        client.publish("news", n)
        assert [each.data for each in browser.received("news")] == [n]
    centrifugo_v1.published.clear()
    centrifugo_v1.fail_next("refuse")
    with pytest.raises(Exception, match="connection refused"):
        client.publish("news", "lost")
    client.publish("news", n)
    centrifugo_v1.assert_published_exactly([("news", n)])
"""

CONFIGURED = """
import pytest

pytestmark = pytest.mark.centrifugo(config={"history_lifetime": 60, "history_size": 1})

@pytest.fixture
def centrifugo_v1_config():
    return {"history_size": 2, "history_lifetime": 60, "http_prefix": "/push"}

@pytest.fixture(params=["centrifugo_v1", "centrifugo_v1_recorder"])
def bench(request):
    return request.getfixturevalue(request.param)

def history(bench, channel="news"):
    client = bench.client()
    for n in range(5):
        client.publish(channel, n)
    return [message.data for message in client.history(channel)]

def test_the_fixture_and_the_module_configure(bench):
    assert bench.url.endswith("/push")
    assert history(bench) == [4]

@pytest.mark.centrifugo(config={"history_size": 3}, secret="other")
def test_the_nearest_mark_is_first(bench):
    assert bench.secret == "other"
    assert history(bench) == [4, 3, 2]

@pytest.mark.centrifugo({"history_size": 3})
def test_a_mark_is_checked(centrifugo_v1):
    pass

@pytest.mark.centrifugo(config="config.json")
def test_a_configuration_in_a_mark_is_checked(centrifugo_v1):
    pass
"""

UNMET = """
def test_server(centrifugo_v1):
    centrifugo_v1.fail_next("timeout", 2)

def test_recorder(centrifugo_v1_recorder):
    centrifugo_v1_recorder.fail_next("error")
"""

FAILING = """
def test_it(centrifugo_v1):
    centrifugo_v1.client().publish("news", {"text": "hello"})
    centrifugo_v1.assert_published("news", {"text": "hi"})
"""


SCOPE = "asyncio_default_fixture_loop_scope=function"  # pytest-asyncio warns if a project does not set this option

# Plugins that these tests do not use; they take as long to load as everything else.
WITHOUT = ("-p", "no:hypothesispytest", "-p", "no:pytest_cov")


def run(pytester: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    if "no:asyncio" not in options:
        options += ("-o", SCOPE)
    return pytester.runpytest_subprocess("--strict-markers", "-Werror", *WITHOUT, *options)


ANONYMOUS = {
    "client": {"allow_anonymous_connect_without_token": True},
    "channel": {
        "without_namespace": {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True},
    },
}


def of_generation(source: str, generation: str) -> str:
    """Return *source*, written for the fixtures of 1.x, with the fixtures of *generation*."""
    if generation == "1":
        return source
    return source.replace("centrifugo_v1", "centrifugo").replace('{"anonymous": True}', repr(ANONYMOUS))


CURRENT = """
import pytest
from centripetal.testing import Centrifugo, Recorder

KEPT = {"history_size": 2, "history_ttl": "60s"}
pytestmark = pytest.mark.centrifugo(config={"channel": {"without_namespace": KEPT}})

@pytest.fixture
def centrifugo_config():
    return {"channel": {"without_namespace": {"history_size": 1}, "namespaces": [{"name": "chat"}]}}

@pytest.fixture(params=["centrifugo", "centrifugo_recorder"])
def bench(request):
    return request.getfixturevalue(request.param)

def test_sections_are_overlaid(bench):
    for n in range(5):
        bench.client().publish("news", n)
    bench.client().publish("chat:room", 1)
    assert [each.data for each in bench.client().history("news", limit=-1).publications] == [3, 4]

@pytest.mark.centrifugo(api_key="other", token_secret="tokens", secret="for 1.x")
def test_keys(bench):
    assert (bench.api_key, bench.token_secret) == ("other", "tokens")
    bench.client().publish("news", 1, tags={"kind": "a"})
    bench.assert_published("news", 1, tags={"kind": "a"})
    with pytest.raises(AssertionError, match="with tags"):
        bench.assert_published("news", 1, tags={"kind": "b"})

@pytest.mark.centrifugo(secret="of 1.x only")
def test_keys_of_the_other_generation(centrifugo):
    pass
"""


@pytest.mark.parametrize("generation", ["1", "6"])
@pytest.mark.parametrize(
    ("source", "options", "passed"),
    [
        pytest.param(PLAIN, ("-p", "no:asyncio", "-p", "no:anyio"), 3, id="plain"),
        pytest.param(ASYNCIO, ("--asyncio-mode=strict",), 3, id="pytest-asyncio, strict"),
        pytest.param(ASYNCIO, ("--asyncio-mode=auto",), 3, id="pytest-asyncio, auto"),
        pytest.param(ANYIO, ("-p", "no:asyncio"), 3, id="anyio"),
        pytest.param(MANY, ("-n", "2"), 20, id="pytest-xdist"),
    ],
)
def test_fixtures_work_with_other_plugins(
    pytester: pytest.Pytester, source: str, options: tuple[str, ...], passed: int, generation: str
) -> None:
    """The fixtures need no configuration and cause no warnings together with other plugins."""
    run(pytester, of_generation(source, generation), *options).assert_outcomes(passed=passed)


def test_servers_are_configured_by_fixture_and_markers(pytester: pytest.Pytester) -> None:
    """The config fixture applies to all tests, nearer markers override it, and an invalid marker is an error."""
    result = run(pytester, CONFIGURED)
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(["*UsageError: write @pytest.mark.centrifugo(config={…}, *"] * 2)


def test_current_servers_merge_configuration_sections(pytester: pytest.Pytester) -> None:
    """A marker's option keeps the other options of its section, and a key that exists in 1.x only is an error."""
    result = run(pytester, CURRENT)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["*UsageError: centrifugo takes api_key and token_secret, not secret:*"])


PROXY = """
import pytest
from centripetal.proxy import ConnectEvent, ConnectReply, Handlers

proxy = Handlers(secret="s")

@proxy.connect
def connect(event: ConnectEvent) -> ConnectReply:
    return ConnectReply(str(1 // len(event.cookies)))

@pytest.mark.centrifugo(proxy=proxy)
def test_handlers(centrifugo, centrifugo_recorder):
    with centrifugo.connect(headers={"Cookie": "a=b"}) as browser:
        assert browser.disconnected is None

@pytest.mark.centrifugo(proxy=__name__ + ":proxy")
def test_handlers_by_name(centrifugo):
    with centrifugo.connect():
        pass
"""


def test_a_marker_gives_the_server_handlers(pytester: pytest.Pytester) -> None:
    """The server asks the handlers of a marker; a failing test shows the exception of the handler that broke it."""
    result = run(pytester, PROXY)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*return ConnectReply(str(1 // len(event.cookies)))",
            "*ZeroDivisionError*",
            "*internal server error*",
        ]
    )


def test_unused_failures_cause_a_warning(pytester: pytest.Pytester) -> None:
    """A test that planned more failures than occurred passes with a warning, which is an error in strict projects."""
    pytester.makepyfile(UNMET)
    result = pytester.runpytest_subprocess("-o", SCOPE)
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(["*UnusedFailuresWarning: planned failures were not used: 'timeout' 2 times.*"])


def test_a_failed_assertion_shows_the_test_and_the_diff(pytester: pytest.Pytester) -> None:
    """A failed assertion shows the test and the differences, without frames of the library."""
    result = run(pytester, FAILING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E       AssertionError: no publication of {'text': 'hi'} to 'news'",
            "E       published:",
            "E         1. 'news'  {'text': 'hello'}",
            "E       closest is 1 (- expected, + published):",
            "E         - data['text'] = 'hi'",
            "E         + data['text'] = 'hello'",
            "*test_a_failed_assertion_shows_the_test_and_the_diff.py:3: AssertionError",
        ]
    )
    result.stdout.no_fnmatch_line("*__tracebackhide__*")


def test_the_marker_is_documented(pytester: pytest.Pytester) -> None:
    """`pytest --markers` and `pytest --fixtures` list the marker and the fixtures."""
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.centrifugo(config=None,*"])
    pytester.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(
        [
            "centrifugo --*",
            "centrifugo_recorder --*",
            "centrifugo_v1 --*",
            "*embedded Centrifugo 1.x*",
            "centrifugo_v1_recorder --*",
        ]
    )


def test_loading_the_plugin_imports_no_other_module() -> None:
    """Loading the plugin imports no other module, because every pytest run with this package installed loads it."""
    code = """
import sys, pytest
before = set(sys.modules)
import pytest_centripetal
print(*sorted(sys.modules.keys() - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pytest_centripetal"]
