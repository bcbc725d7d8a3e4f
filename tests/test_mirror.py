"""Each module with behaviour has its tests at the mirrored path."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "centripetal"

# Modules that have no test file yet, by the file that tests them together with their callers.
TESTED_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "cli/api/test_verbs.py": ("cli/api/help.py",),
    "cli/test_main.py": ("cli/app.py", "cli/input.py", "cli/registration.py"),
    "cli/output/test_errors.py": ("cli/output/exit_code.py",),
    "cli/tools/doctor/test_verb.py": (
        "cli/tools/doctor/client_checks.py",
        "cli/tools/doctor/report.py",
        "cli/tools/doctor/server_checks.py",
    ),
    "cli/tools/proxy/test_verb.py": ("cli/tools/proxy/endpoint_checks.py", "cli/tools/proxy/settings_checks.py"),
    "client/bulk/test_blocking.py": ("client/bulk/requests.py",),
    "client/test_blocking.py": ("client/options.py",),
    "client/test_threads.py": ("client/forks.py",),
    "dialects/current/client_protocol/test_client_protocol.py": (
        "dialects/current/client_protocol/commands.py",
        "dialects/current/client_protocol/replies.py",
    ),
    "dialects/current/commands/test_commands.py": (
        "dialects/current/objects.py",
        "dialects/current/commands/base.py",
        "dialects/current/commands/channels.py",
        "dialects/current/commands/connections.py",
        "dialects/current/commands/custom.py",
        "dialects/current/commands/maps.py",
        "dialects/current/commands/pro/devices.py",
        "dialects/current/commands/publishing.py",
    ),
    "dialects/current/proxy/test_replies.py": ("dialects/current/proxy/reply.py",),
    "dialects/current/test_replies.py": ("dialects/current/reply_decoders.py",),
    "dialects/v1/test_client_protocol.py": ("dialects/v1/disconnects.py",),
    "dialects/v1/test_results.py": ("protocol/result.py",),
    "handling/test_handlers.py": ("handling/dispatcher.py",),
    "protocol/test_fields.py": ("protocol/field_kinds.py",),
    "server/configuration/test_loading.py": ("server/configuration/spelling.py",),
    "server/current/test_application.py": ("server/current/admissions.py",),
    "server/current/test_calls.py": ("server/current/inbox.py",),
    "server/current/test_api.py": ("server/current/payloads.py",),
    "server/current/test_config.py": ("server/current/namespaces.py", "server/current/unhonoured.py"),
    "server/current/test_console_backend.py": ("server/console/backend.py",),
    "server/current/test_http_endpoints.py": ("server/http_endpoints.py",),
    "server/current/test_node.py": ("server/node.py",),
    "server/listening/test_http_server.py": ("server/listening/responses.py",),
    "server/listening/test_websocket.py": ("server/v1/client_endpoint.py",),
    "server/current/test_proxy_config.py": ("server/questions.py",),
    "server/test_embedded.py": ("server/listening/thread.py",),
    "server/v1/test_api.py": ("server/v1/node.py",),
    "server/v1/test_session.py": ("server/v1/permissions.py", "server/v1/refusals.py"),
    "testing/test_expectations.py": ("testing/current.py", "testing/recorder.py", "testing/v1.py"),
    "transport/test_blocking.py": ("transport/connection.py",),
    "transport/test_failures.py": ("transport/settings.py",),
}
EXCEPTIONS = {module for modules in TESTED_ELSEWHERE.values() for module in modules}


def has_behaviour(tree: ast.Module) -> bool:
    """Whether a function or method does more than declare: a body beyond a docstring, `...`, `pass` or one `return`."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(not all(is_declaration(statement) for statement in function.body) for function in functions)


def is_declaration(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Return) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def modules_with_behaviour() -> set[str]:
    files = (path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
    return {str(path.relative_to(SOURCE).as_posix()) for path in files if has_behaviour(ast.parse(path.read_bytes()))}


def mirrored(module: str) -> Path:
    path = ROOT / "tests" / module
    return path.with_name(f"test_{path.name}")


def test_each_module_with_behaviour_has_its_tests_at_the_mirrored_path() -> None:
    """`src/centripetal/a/b.py` is tested in `tests/a/test_b.py`, unless `TESTED_ELSEWHERE` lists it."""
    missing = {module for module in modules_with_behaviour() if not mirrored(module).exists()}
    assert missing - EXCEPTIONS == set()


def test_exceptions_are_needed() -> None:
    """A module that has a mirrored test file, or is gone, must not be listed as an exception."""
    assert {module for module in EXCEPTIONS if mirrored(module).exists() or not (SOURCE / module).exists()} == set()
    assert [file for file in TESTED_ELSEWHERE if not (ROOT / "tests" / file).exists()] == []
