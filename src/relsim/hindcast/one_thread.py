"""Linear algebra on one thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def one_thread(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """The function, with BLAS on one thread while it runs.

    The matrices of a fit are so small that more threads wait longer than they work (on two cores
    twice the processor time for a tenth more of waiting), and sums would depend on their number.
    """

    @wraps(function)
    def alone(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return alone
