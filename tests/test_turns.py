"""Jobs from a source that waits."""

import threading
import time

import pytest
from cells import cell


@pytest.mark.parametrize("workers", [1, 2])
def test_all_that_has_ended_is_given_before_a_source_waits_again(workers):
    it = cell("f(x)\none = (a | b)(x)", {"a": lambda x: x, "b": lambda x: -x})
    seen, ends = threading.Semaphore(0), []

    def burst(first):
        yield from ({"x": k} for k in range(first, first + 6))
        for _ in range(6 if workers == 1 else 6 - 2 * workers):  # the others may be under way
            ends.append(seen.acquire(timeout=30))

    def jobs():
        time.sleep(0.03)  # by which it is known as a source that waits
        yield {"x": 0}
        seen.acquire(timeout=0.2)  # nothing was known of it when the first ended
        yield from burst(1)
        yield from burst(7)

    run = it.run(jobs(), workers=workers, on_outcome=lambda outcome: seen.release())
    assert run.total == 13
    assert ends
    assert all(ends)
