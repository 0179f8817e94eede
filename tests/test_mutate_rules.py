"""Every corrupted derivative is caught."""

import pytest
from tools.mutate_rules import survivors

from micrograd_like.rules import RULES


@pytest.mark.parametrize("name", RULES)
def test_every_corrupted_derivative_fails_a_test_that_names_the_rule(name: str) -> None:
    """No sign, factor or term of a derivative can be changed without a test failing for it."""
    lines: list[str] = []
    assert survivors([name], lines.append) == []
    assert len(lines) >= 1
    assert all(name in line.split(maxsplit=1)[1] or "assert" in line.lower() for line in lines)
