"""Batches are measured on the device asked for; no figure is asserted."""

import pytest
import torch

from flexiflow.benchmarks import batches, overhead
from flexiflow.errors import BadInput


def test_orders_and_blame_have_their_rows():
    rows = batches.measure(8, 2)
    assert [row["what"] for row in rows] == [
        "orders in a batch, 5 candidates, NumPy",
        "orders in a batch, 5 candidates, torch (cpu)",
        "orders in a batch, 20 candidates, NumPy",
        "orders in a batch, 20 candidates, torch (cpu)",
        "blame for 3 verdicts, 256 particles, torch (cpu)",
    ]
    for row in rows:
        assert row["median_us_a_job"] >= row["min_us_a_job"] > 0
        assert row["jobs"] > 0
        assert row["a_second"] == pytest.approx(1e6 / row["median_us_a_job"])
    assert rows[-1]["of_bandwidth"] > 0


def test_traffic_is_counted_by_hand():
    """One item: 256 states of three verdicts on three nodes, byte by byte."""
    gathers, joins, floats, sums = 3 * (1 + 1), 2 * (2 + 1), 1 + 4, 4
    of_a_state = 3 * (gathers + joins + floats + sums) + 4 + (4 + 4) + (4 + 4) + 4
    assert batches.traffic(1) == 256 * of_a_state
    assert batches.traffic(10) == 10 * batches.traffic(1)
    assert batches.bandwidth(1000, 1, "cpu") > 0


def test_an_unknown_device_is_refused_before_anything_is_measured():
    with pytest.raises(BadInput, match="cpu or cuda"):
        overhead.measure(8, 1, "tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="finds no CUDA device"):
        batches.measure(8, 1, "cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_batches_run_on_a_gpu():
    rows = batches.measure(8, 1, "cuda")
    assert sum("(cuda)" in row["what"] for row in rows) == 3
    assert all(row["min_us_a_job"] > 0 for row in rows)
