"""Fields of identity cards, drawn rather than photographed, so that their text is known.

A field is one line (a date of birth, a document number, a surname and first name) on paper
with a fine pattern of curves, the *guilloche*. Then something goes wrong with the picture:

    clean      nothing more than a slight turn and JPEG
    print      a strong coloured guilloche crosses the text; one colour channel does not see it
    light      little light, falling from one side, and a shadow
    blur       out of focus
    noise      a noisy sensor, each colour with its own noise
    mixed      two of these at once

Everything of one card is drawn from (seed, its number): the same cards come on every machine
with the same fonts, and a card keeps its text when the difficulty changes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.examples.id_cards.checks import MONTHS, check_digit
from flexiflow.examples.id_cards.pictures import Colour, Plane

Picture = NDArray[np.float32]
"""Shape (height, width, 3), 0 to 255."""

Random = np.random.Generator

KINDS = ("date", "number", "name")
DEFECTS = ("clean", "print", "light", "blur", "noise", "mixed")
FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSans-Oblique.ttf",
)
LETTERS = "ACDEFGHJKLMNPRTUVWXY"
"""Those of document numbers; issuers leave out what looks like a digit."""

HEIGHT, MARGIN = 52, 18


def cards(n: int, difficulty: float = 0.35, seed: int = 0) -> list[dict[str, Any]]:
    """Draw fields of identity cards whose text is known.

    Parameters
    ----------
    n
        How many; a longer list begins with the same cards.
    difficulty
        How strong the defects are, from 0 (none) to 1 (hard to read for people too).
    seed
        Other seeds give other cards.

    Returns
    -------
    list of dict
        ``id``; ``image``, uint8 of shape (height, width, 3), red, green, blue; ``kind``,
        "date", "number" or "name"; ``label``, the text; ``defect``, what went wrong.

    Raises
    ------
    BadInput
        If ``n`` is negative or the difficulty is not between 0 and 1.
    """
    if n < 0:
        raise BadInput(f"The number of cards must be 0 or more. Got {n!r} instead.")
    if not 0 <= difficulty <= 1:
        raise BadInput(f"The difficulty must be between 0 and 1. Got {difficulty!r} instead.")
    return [_card(number, difficulty, seed) for number in range(n)]


def _card(number: int, difficulty: float, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, number])
    kind, defect = str(rng.choice(KINDS)), str(rng.choice(DEFECTS))
    label = _LABELS[kind](rng)
    names = [str(x) for x in rng.permutation(DEFECTS[1:5])[:2]] if defect == "mixed" else [defect]
    # Concave: defects are felt early, and even the strongest leave something to read
    most = 0.95 * difficulty**0.4
    strength = most * rng.uniform(0.6, 1.0) * (0.8 if defect == "mixed" else 1.0)
    picture = _written(label, strength if "print" in names else 0.0, rng)
    for name in names:
        if name in _DAMAGE:
            picture = _DAMAGE[name](picture, strength, rng)
    return {
        "id": f"card-{seed}-{number}",
        "image": _jpeg(picture, round(92 - 40 * difficulty)),
        "kind": kind,
        "label": label,
        "defect": defect,
    }


def _date(rng: Random) -> str:
    day = date(1930, 1, 1) + timedelta(days=int(rng.integers(0, 31411)))
    d, m, y = f"{day.day:02}", f"{day.month:02}", str(day.year)
    forms = (f"{d}.{m}.{y}", f"{d}/{m}/{y}", f"{y}-{m}-{d}", f"{d} {MONTHS[day.month - 1]} {y}")
    return forms[rng.integers(len(forms))]


def _number(rng: Random) -> str:
    first, later = (LETTERS[i] for i in rng.integers(len(LETTERS), size=2))
    body = f"{first}{rng.integers(10**6):06}{later}{rng.integers(10)}"
    return f"{body}{check_digit(body)}"


def _name(rng: Random) -> str:
    fake = _faker()
    fake.seed_instance(int(rng.integers(2**31)))
    return f"{fake.last_name()} {fake.first_name()}".upper()


_LABELS: dict[str, Callable[[Random], str]] = {"date": _date, "number": _number, "name": _name}


@cache
def _faker() -> Any:
    from faker import Faker

    return Faker("en_GB")


@cache
def _font(name: str, size: int) -> Any:
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size)


def _written(label: str, strength: float, rng: Random) -> Picture:
    """Paper, guilloche and text; with a strength above 0 the guilloche hides the text.

    It is then dark in two channels and bright as paper in the third, where the ink is dark.
    """
    font = _font(FONTS[rng.integers(len(FONTS))], int(rng.integers(24, 30)))
    ink_mask = _text_mask(label, font, float(rng.uniform(-2.2, 2.2)))
    paper = rng.uniform(222, 250, size=3).astype(np.float32)
    seen = int(rng.integers(3))
    ink = rng.uniform(15, 90, size=3).astype(np.float32)
    ink[(seen + 1) % 3] += 150 * strength
    ink[seen] *= 1 - 0.5 * strength
    depth = 18.0 + 150.0 * strength
    pale = np.full(3, depth, dtype=np.float32)
    pale[seen] = 6.0
    mask = _guilloche(ink_mask.shape, 1.0 + 1.6 * strength, rng)[:, :, None]
    ground = paper - mask * pale
    cover = ink_mask[:, :, None]
    return np.asarray(np.minimum(ground, ground * (1 - cover) + ink * cover), dtype=np.float32)


def _text_mask(label: str, font: Any, degrees: float) -> Picture:
    """Where the ink is: shape (height, width), 0 to 1, the line turned by some degrees."""
    from PIL import Image, ImageDraw

    width = math.ceil(font.getlength(label)) + 2 * MARGIN
    sheet = Image.new("L", (width, HEIGHT))
    ImageDraw.Draw(sheet).text((width / 2, HEIGHT / 2), label, 255, font=font, anchor="mm")
    turned = sheet.rotate(degrees, resample=Image.Resampling.BICUBIC)
    return np.asarray(turned, dtype=np.float32) / np.float32(255)


def _guilloche(shape: tuple[int, ...], thick: float, rng: Random) -> Picture:
    """A lattice of waves, as on banknotes: shape (height, width), 0 to 1."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    mask = np.zeros(shape)
    for _ in range(2):
        length, tall = rng.uniform(40, 110), rng.uniform(5, 12)
        gap, slope = rng.uniform(9, 14), rng.uniform(-0.35, 0.35)
        wave = y + slope * x + tall * np.sin(2 * np.pi * x / length + rng.uniform(0, 6.3))
        away = np.abs((wave % gap) - gap / 2)
        mask = np.maximum(mask, np.clip(thick + 0.5 - away, 0, 1))
    return mask.astype(np.float32)


def _light(picture: Picture, strength: float, rng: Random) -> Picture:
    """Dim it unevenly: a slope of light, and a shadow with a soft edge."""
    height, width = picture.shape[:2]
    along = np.linspace(-1, 1, width, dtype=np.float32) * (1 if rng.random() < 0.5 else -1)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * rng.uniform(-0.3, 0.3)
    slope = 1 - strength * (0.55 + 0.35 * along + down)
    edge = rng.uniform(-0.5, 0.5)
    shadow = 1 - 0.55 * strength / (1 + np.exp((along - edge) * 14))
    dimmed = picture * np.clip(slope * shadow, 0.04, None)[:, :, None]
    return np.asarray(dimmed + rng.normal(0, 3 * strength, picture.shape), dtype=np.float32)


def _blur(picture: Picture, strength: float, rng: Random) -> Picture:
    """Put it out of focus, and let it move a little."""
    from PIL import ImageFilter

    soft = _sheet(picture).filter(ImageFilter.GaussianBlur(0.4 + 2.6 * strength))
    sharp = np.asarray(soft, dtype=np.float32)
    steps = 1 + 2 * round(2 * strength * rng.random())
    moved = [np.roll(sharp, step, axis=1) for step in range(-(steps // 2), steps // 2 + 1)]
    return np.asarray(np.mean(moved, axis=0), dtype=np.float32)


def _noise(picture: Picture, strength: float, rng: Random) -> Picture:
    """Add a sensor's noise, mostly its own in each colour, and dead pixels."""
    own = rng.normal(0, 75 * strength, picture.shape)
    shared = rng.normal(0, 20 * strength, picture.shape[:2])[:, :, None]
    noisy = picture + own + shared
    dead = rng.random(picture.shape[:2]) < 0.02 * strength
    noisy[dead] = rng.choice([0.0, 255.0], size=int(dead.sum()))[:, None]
    return np.asarray(noisy, dtype=np.float32)


_DAMAGE: dict[str, Callable[[Picture, float, Random], Picture]] = {
    "light": _light,
    "blur": _blur,
    "noise": _noise,
}


def _sheet(picture: Picture) -> Any:
    from PIL import Image

    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def _jpeg(picture: Picture, quality: int) -> Colour:
    from PIL import Image

    stored = io.BytesIO()
    # 4:4:4, since a scanner of documents keeps its colours
    _sheet(picture).save(stored, "JPEG", quality=quality, subsampling=0)
    with Image.open(stored) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.uint8)


def sheet(rows: Sequence[Sequence[Colour | Plane | str]], columns: Sequence[int]) -> bytes:
    """Lay pictures and words out in rows, as a small JPEG.

    Parameters
    ----------
    rows
        Of each the cells from left to right: a picture, of shape (height, width) or (height,
        width, 3), uint8, or a text.
    columns
        Width of each column in pixels; what is wider is cut off.

    Returns
    -------
    bytes
        The JPEG.
    """
    from PIL import Image, ImageDraw

    font, high = _font("DejaVuSans.ttf", 13), HEIGHT + 4
    drawn = Image.new("RGB", (sum(columns), high * len(rows)), "white")
    for line, row in enumerate(rows):
        for place, (cell, wide) in enumerate(zip(row, columns, strict=False)):
            box = Image.new("RGB", (wide - 6, high - 4), "white")
            if isinstance(cell, str):
                ImageDraw.Draw(box).text((2, box.height / 2), cell, "black", font, anchor="lm")
            else:
                box.paste(Image.fromarray(cell).convert("RGB"))
            drawn.paste(box, (sum(columns[:place]), high * line))
    stored = io.BytesIO()
    drawn.save(stored, "JPEG", quality=50, optimize=True)
    return stored.getvalue()
