"""Replacement for pytest-django: settings, a database for the run, and an empty database for each test."""

import os
from collections.abc import Iterator

import django
import pytest
from django.core.management import call_command
from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    setup_test_environment()
    before = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(before, verbosity=0)
    teardown_test_environment()


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    call_command("flush", interactive=False, verbosity=0)
