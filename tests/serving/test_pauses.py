from __future__ import annotations

import gc

from served import plan_of, workflow

from flexiflow.serving import serve
from flexiflow.serving.pauses import spared

TEXT = "f(x)\ny = (model)(x)\n"


def test_what_was_there_is_left_out_until_all_have_ended() -> None:
    before = gc.get_freeze_count()
    first, second = spared(), spared()
    frozen = gc.get_freeze_count()
    assert frozen > before + 1_000
    first()
    first()  # once is enough
    assert gc.get_freeze_count() > frozen - 1_000  # one or another may have gone
    second()
    assert gc.get_freeze_count() == 0


def test_a_server_spares_while_it_is_open() -> None:
    made = workflow(TEXT, {"model": abs})
    with serve(made, plan_of(made.graph, {"y": "model"}, sla=9.0)):
        assert gc.get_freeze_count() > 1_000
    assert gc.get_freeze_count() == 0
