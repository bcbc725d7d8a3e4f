"""Each module with behaviour has its tests at the mirrored path."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "centripetal"

EXCEPTIONS: dict[str, str] = {}


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
    """`src/centripetal/a/b.py` is tested in `tests/a/test_b.py`, unless it is an exception with a reason."""
    missing = {module for module in modules_with_behaviour() if not mirrored(module).exists()}
    assert missing - EXCEPTIONS.keys() == set()


def test_exceptions_are_needed() -> None:
    """A module that has a mirrored test file, or is gone, is not an exception any more."""
    assert {module for module in EXCEPTIONS if mirrored(module).exists() or not (SOURCE / module).exists()} == set()
