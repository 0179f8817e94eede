"""The fixture that pytest finds by the entry point of that name, without an import.

It must not import the engine when pytest starts: most test runs have no use for it.
"""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def check_engine() -> Callable[..., Any]:
    """``micrograd_like.check_engine`` as a test: it fails with the report of an engine's faults."""
    from micrograd_like.check import check_engine as check

    def check_or_fail(*arguments: Any, **options: Any) -> Any:
        report = check(*arguments, **options)
        if not report.ok:
            pytest.fail(str(report), pytrace=False)
        return report

    return check_or_fail
