"""Made clips of a fixed camera, each with one thing that makes watching hard.

A clip shows two or three textured things that move over a textured background, and where they
are is known by construction. What disturbs is drawn evenly: nothing, lamps that flicker,
sensor noise, a camera that shakes, the shadow of a cloud, too little light, pillars in
front, or things that stop for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

Frames = NDArray[np.uint8]  #: a clip, `(frames, height, width)`
Floats = NDArray[np.float64]
Boxes = NDArray[np.float64]
"""A row a box, `(n, 6)`: frame, number of the thing, left, top, right, bottom, in pixels."""

KINDS = ("clear", "flicker", "noise", "shake", "shadow", "dark", "pillars", "stops")
FRAMES, HEIGHT, WIDTH = 48, 96, 128
MARGIN = 8  # pixels by which the background is larger than the picture, for shaking
GRAIN = 2.0  # noise of any sensor, in grey levels
SEEN = 0.4  # the share of a thing that must be in sight for it to have a box


@dataclass(frozen=True)
class Thing:
    """Something that moves: what it looks like, and where its middle is in each frame."""

    picture: Floats  #: grey levels, `(height, width)`
    shape: NDArray[np.bool_]  #: which of these pixels are its own
    path: Floats  #: `(frames, 2)`, x and y

    def corner(self, frame: int) -> tuple[int, int]:
        """Left and top in a frame, in whole pixels."""
        height, width = self.shape.shape
        x, y = self.path[frame]
        return round(float(x) - width / 2), round(float(y) - height / 2)


def clips(n: int = 320, seed: int = 0) -> list[dict[str, Any]]:
    """Make clips; the same seed gives the same clips, a longer list begins as a shorter.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        ``id``, ``clip`` (uint8, `(48, 96, 128)`), ``label`` (the true boxes,
        :data:`Boxes`) and ``kind``, one of :data:`KINDS`.
    """
    if n < 0:
        raise BadInput(f"The number of clips must be 0 or more. Got {n}.")
    made = []
    for number in range(n):
        draw = np.random.default_rng([seed, number])
        kind = str(draw.choice(KINDS))
        clip, label = clip_of(kind, draw)
        made.append({"id": f"clip-{number:04}", "clip": clip, "label": label, "kind": kind})
    return made


def clip_of(kind: str, draw: np.random.Generator) -> tuple[Frames, Boxes]:
    """Make one clip of a kind, and its true boxes.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    draw
        Where all numbers come from.
    """
    if kind not in KINDS:
        raise BadInput(f"A clip is of one of the kinds {', '.join(KINDS)}. Got {kind!r}.")
    ground = background(draw)
    things = [_thing(draw, stops=kind == "stops") for _ in range(draw.integers(2, 4))]
    pillars = _pillars(draw) if kind == "pillars" else np.zeros((HEIGHT, WIDTH), dtype=bool)
    shifts = _shifts(draw) if kind == "shake" else np.zeros((FRAMES, 2), dtype=np.int64)
    post = draw.uniform(40, 200)
    pictures, boxes = np.zeros((FRAMES, HEIGHT, WIDTH)), list[tuple[float, ...]]()
    for frame, (dx, dy) in enumerate(shifts):
        top, left = MARGIN + dy, MARGIN + dx
        picture = ground[top : top + HEIGHT, left : left + WIDTH].copy()
        owner = np.full((HEIGHT, WIDTH), -1)
        for number, thing in enumerate(things):
            _paint(picture, owner, thing, number, frame, (int(dx), int(dy)))
        picture[pillars], owner[pillars] = post, -1
        boxes += _boxes(owner, things, frame)
        pictures[frame] = picture
    pictures *= _light(kind, draw)
    pictures += draw.normal(0, draw.uniform(7, 18) if kind == "noise" else GRAIN, pictures.shape)
    label = np.asarray(boxes, dtype=np.float64).reshape(-1, 6)
    return pictures.round().clip(0, 255).astype(np.uint8), label


def background(draw: np.random.Generator) -> Floats:
    """Make a still scene: soft spots of several sizes, and a few plain walls."""
    shape = (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN)
    scene = np.full(shape, draw.uniform(105, 140))
    for size, depth in ((24.0, 15.0), (6.0, 8.0), (2.0, 10.0)):
        spots = soft(draw.normal(size=shape), size)
        scene += depth * spots / spots.std()
    for _ in range(draw.integers(2, 6)):
        x, y = draw.integers(0, shape[1] - 20), draw.integers(0, shape[0] - 20)
        width, height = draw.integers(10, 50, 2)
        scene[y : y + height, x : x + width] += draw.uniform(-20, 20)
    return np.asarray(scene.clip(60, 185))


def soft(picture: Floats, size: float) -> Floats:
    """Blur by a Gaussian of ``size`` pixels, around the edges (by its Fourier transform)."""
    y, x = (np.fft.fftfreq(n)[:, None] for n in picture.shape)
    keep = np.exp(-2 * (np.pi * size) ** 2 * (y**2 + x.T**2))
    return np.asarray(np.fft.ifft2(np.fft.fft2(picture) * keep).real)


def _thing(draw: np.random.Generator, stops: bool) -> Thing:
    width, height = (int(v) for v in draw.integers(11, 21, 2))
    y, x = np.mgrid[:height, :width]
    round_one = ((x + 0.5) / width - 0.5) ** 2 + ((y + 0.5) / height - 0.5) ** 2 <= 0.25
    shape = round_one if draw.random() < 0.5 else np.ones((height, width), dtype=bool)
    wave = np.sin(2 * np.pi * (x * draw.uniform(-0.2, 0.2) + y * draw.uniform(-0.2, 0.2)))
    level = draw.uniform(20, 65) if draw.random() < 0.5 else draw.uniform(185, 230)
    picture = level + draw.uniform(5, 25) * wave
    return Thing(picture, shape, _path(draw, stops))


def _path(draw: np.random.Generator, stops: bool) -> Floats:
    """Go on at a speed that changes a little, and turn at the edges of the picture."""
    speed, angle = draw.uniform(1.2, 3.2), draw.uniform(0, 2 * np.pi)
    at = np.array([draw.uniform(10, WIDTH - 10), draw.uniform(10, HEIGHT - 10)])
    step = speed * np.array([np.cos(angle), np.sin(angle)])
    begin = draw.integers(8, 20)
    rest = range(begin, begin + int(draw.integers(10, 18))) if stops else range(0)
    path = np.zeros((FRAMES, 2))
    for frame in range(FRAMES):
        path[frame] = at
        if frame not in rest:
            step += draw.normal(0, 0.06, 2)
            at = at + step
            for axis, end in enumerate((WIDTH, HEIGHT)):
                if not 8 < at[axis] < end - 8:
                    step[axis] = abs(step[axis]) * (1 if at[axis] <= 8 else -1)
    return path


def _paint(
    picture: Floats,
    owner: NDArray[np.int64],
    thing: Thing,
    number: int,
    frame: int,
    shift: tuple[int, int],
) -> None:
    left, top = thing.corner(frame)
    left, top = left - shift[0], top - shift[1]
    height, width = thing.shape.shape
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + height, HEIGHT), min(left + width, WIDTH)
    if y0 >= y1 or x0 >= x1:
        return
    own = thing.shape[y0 - top : y1 - top, x0 - left : x1 - left]
    picture[y0:y1, x0:x1][own] = thing.picture[y0 - top : y1 - top, x0 - left : x1 - left][own]
    owner[y0:y1, x0:x1][own] = number


def _boxes(owner: NDArray[np.int64], things: list[Thing], frame: int) -> list[tuple[float, ...]]:
    """The boxes around what is in sight of each thing."""
    found = list[tuple[float, ...]]()
    for number, thing in enumerate(things):
        y, x = np.nonzero(owner == number)
        if len(y) >= SEEN * thing.shape.sum():
            found.append((frame, number, x.min(), y.min(), x.max() + 1, y.max() + 1))
    return found


def _pillars(draw: np.random.Generator) -> NDArray[np.bool_]:
    hidden = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for left in draw.choice(np.arange(16, WIDTH - 28, 26), size=2, replace=False):
        hidden[:, left : left + int(draw.integers(7, 12))] = True
    return hidden


def _shifts(draw: np.random.Generator) -> NDArray[np.int64]:
    """How far the camera has turned in each frame, in pixels, `(frames, 2)`."""
    most = draw.uniform(3.0, 7.5)
    wander = soft(draw.normal(size=(FRAMES, 2)), 0.6)
    return np.asarray((most * wander / abs(wander).max()).round(), dtype=np.int64)


def _light(kind: str, draw: np.random.Generator) -> Floats:
    """How bright it is, 0 to 1 and above, at each place of each frame."""
    if kind == "flicker":
        beat = draw.uniform(0.5, 2.9) * np.arange(FRAMES) + draw.uniform(0, 6)
        depth = draw.uniform(0.08, 0.3)
        return np.asarray(1 - depth * (0.5 + 0.5 * np.sin(beat)))[:, None, None]
    if kind == "dark":
        return np.full((1, 1, 1), draw.uniform(0.1, 0.25))
    if kind == "shadow":
        depth, speed = draw.uniform(0.2, 0.5), draw.uniform(1.5, 4.0)
        edge = -60 + speed * np.arange(FRAMES)[:, None, None]
        x = np.arange(WIDTH)[None, None, :]
        inside = 1 / (1 + np.exp(-(x - edge + 30) / 8)) / (1 + np.exp((x - edge - 30) / 8))
        return np.asarray(1 - depth * inside)
    return np.ones((1, 1, 1))
