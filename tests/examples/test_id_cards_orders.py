import itertools

import polars as pl
import pytest

from flexiflow.errors import BadInput
from flexiflow.examples.id_cards.orders import best_order, best_single, earned, oracle, shared

QUICK, ROBUST = ("grey", "plain", "quick"), ("grey", "plain", "robust")
RED = ("red", "plain", "quick")
SECONDS = {"quick": 1.0, "robust": 8.0}


def frame() -> pl.DataFrame:
    """Four cards: two easy; one for the robust reader or the red channel; one for nobody.

    Red and robust together read nothing. On the second easy card the robust reader passes
    with a wrong reading.
    """
    right = {
        "a": {QUICK, ROBUST, RED},
        "b": {QUICK, RED},
        "c": {ROBUST, RED},
        "d": set(),
    }
    passed = {**right, "b": {QUICK, ROBUST, RED}}
    paths = itertools.product(("grey", "red"), ("plain",), ("quick", "robust"))
    return pl.DataFrame(
        [
            {
                "id": card,
                "channel": path[0],
                "picture": path[1],
                "text": path[2],
                "passed": path in passed[card],
                "right": path in right[card],
                "channel_seconds": 2.0,
                "picture_seconds": 1.0,
                "text_seconds": SECONDS[path[2]],
            }
            for path in paths
            for card in right
        ]
    )


def test_the_best_order_prefers_what_is_cheap_to_go_on_with() -> None:
    # RED is right on three cards for 4 seconds; after it nothing right is left to gain, so the
    # others follow by their right passes per second: 2 in 4, 2 in 11, none
    assert best_order(frame()) == [RED, QUICK, ROBUST, ("red", "plain", "robust")]


def test_the_best_order_goes_on_while_it_gains() -> None:
    without_red = frame().filter(pl.col("channel") == "grey")
    assert best_order(without_red) == [QUICK, ROBUST]


def test_the_best_single_configuration_is_right_most_often() -> None:
    assert best_single(frame()) == RED


def test_earned_with_and_without_reuse() -> None:
    # a and b end at QUICK after 4 s; c goes on to ROBUST, d too: 8 s with the plane kept, else 11
    kept, again = earned(frame(), [QUICK, ROBUST]), earned(frame(), [QUICK, ROBUST], reuse=False)
    assert kept == pytest.approx((0.75, 0.75, (4 + 4 + 12 + 12) / 4))
    assert again == pytest.approx((0.75, 0.75, (4 + 4 + 15 + 15) / 4))


def test_a_wrong_pass_ends_a_card() -> None:
    assert earned(frame(), [ROBUST, RED]).accuracy == pytest.approx(0.5)
    assert earned(frame(), [ROBUST, RED]).pass_rate == pytest.approx(0.75)


def test_the_oracle_pays_the_cheapest_right_path() -> None:
    assert oracle(frame()) == pytest.approx((0.75, 0.75, 3 * 4 / 4))


def test_shared_beginnings() -> None:
    assert shared(QUICK, ROBUST) == 2
    assert shared(QUICK, RED) == 0
    assert shared(QUICK, QUICK) == 3


def test_a_record_with_a_gap_is_refused() -> None:
    with pytest.raises(BadInput, match="every configuration"):
        best_order(frame().slice(1))
