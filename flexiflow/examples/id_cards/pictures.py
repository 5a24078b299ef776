"""The candidates that make a picture easier to read, and what is seen of it at a glance.

Each is a plain function. A channel turns a colour picture into one plane; an enhancement
turns a plane into another of the same size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
"""Shape (height, width), values 0 to 255."""

Colour = NDArray[np.uint8]
"""Shape (height, width, 3), red, green, blue, values 0 to 255."""


def grey(image: Colour) -> Plane:
    """Weigh the three colours as the eye does."""
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def red(image: Colour) -> Plane:
    """Keep what a red lamp shows: red print vanishes."""
    return np.ascontiguousarray(image[:, :, 0])


def green(image: Colour) -> Plane:
    """Keep what a green lamp shows: green print vanishes."""
    return np.ascontiguousarray(image[:, :, 1])


def blue(image: Colour) -> Plane:
    """Keep what a blue lamp shows: blue print vanishes."""
    return np.ascontiguousarray(image[:, :, 2])


def plain(plane: Plane) -> Plane:
    """Leave the picture as it is."""
    return plane


def sharpen(plane: Plane) -> Plane:
    """Undo some blur: add what a Gaussian takes away (an unsharp mask)."""
    import cv2

    soft = cv2.GaussianBlur(plane, (0, 0), 2.0)
    return np.asarray(cv2.addWeighted(plane, 2.5, soft, -1.5, 0), dtype=np.uint8)


def brighten(plane: Plane) -> Plane:
    """Lift the shadows (gamma 0.5), then even out contrast tile by tile (CLAHE)."""
    import cv2

    lifted = cv2.LUT(plane, _GAMMA)
    return np.asarray(cv2.createCLAHE(2.0, (4, 2)).apply(lifted), dtype=np.uint8)


_GAMMA = np.rint(255 * (np.arange(256) / 255) ** 0.5).astype(np.uint8)


def binarise(plane: Plane) -> Plane:
    """Make it black and white, each pixel against its own neighbourhood."""
    import cv2

    calm = cv2.GaussianBlur(plane, (0, 0), 0.8)
    method, kind = cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY
    return np.asarray(cv2.adaptiveThreshold(calm, 255, method, kind, 31, 14), dtype=np.uint8)


def denoise(plane: Plane) -> Plane:
    """Average each pixel with those whose surroundings look alike (non-local means).

    The one enhancement with a price: some milliseconds, as much as a quick reader.
    """
    import cv2

    calm = cv2.fastNlMeansDenoising(plane, None, 30, 5, 15)
    return np.asarray(calm, dtype=np.uint8)


def features(image: Colour) -> list[float]:
    """Tell what is seen at a glance, as a context for the sampler; a fraction of a millisecond.

    Parameters
    ----------
    image
        Shape (height, width, 3), uint8.

    Returns
    -------
    list of float
        Mean and standard deviation (0 to 1), logarithm of the variance of the Laplacian
        (sharpness and noise), mean distance of red and blue (0 to 1), and the standard
        deviation of red, green and blue (0 to 1).
    """
    import cv2

    plane = grey(image)
    mean, spread = (float(x[0, 0]) / 255 for x in cv2.meanStdDev(plane))
    edges = float(cv2.meanStdDev(cv2.Laplacian(plane, cv2.CV_16S))[1][0, 0])
    tint = float(cv2.absdiff(red(image), blue(image)).mean()) / 255
    spreads = (cv2.meanStdDev(image)[1].ravel() / 255).tolist()
    return [mean, spread, float(np.log1p(edges**2)), tint, *spreads]
