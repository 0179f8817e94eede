"""What Hypothesis calls when it starts, by the entry point of that name.

It must not import the strategies: they import Hypothesis, which may be half imported at that time.
"""

from typing import Any

from micrograd_like.engine import Value


def register() -> None:
    """Tell Hypothesis how to make Values: ``st.from_type(Value)`` works without an import."""
    from hypothesis import strategies as st

    def values(_: type[Value]) -> Any:
        from micrograd_like.strategies import finite_values

        return finite_values()

    st.register_type_strategy(Value, values)
