"""The data of the digits example: 1,797 handwritten digits that ship with scikit-learn, so nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

N_PIXELS = 64  # 8 x 8
N_CLASSES = 10
N_TRAIN = 1100
N_VALIDATION = 300  # the other 397 images are the test set
SPLIT_SEED = 0  # every study sees the same split, so that studies can be compared


class Part(NamedTuple):
    """One part of the data: standardised pixels (n, 64) and digits 0 to 9 (n,)."""

    images: Images
    labels: Labels


@dataclass(frozen=True)
class Digits:
    """Three disjoint parts: fit on the first, choose hyperparameters on the second, judge once on the third."""

    train: Part
    validation: Part
    test: Part


def load_digits() -> Digits:
    """
    Load, split and standardise the digits.

    The mean and the standard deviation of each pixel come from the training part alone: what is known of the other
    two must not leak into the inputs.

    Returns
    -------
    Digits
        1,100 training, 300 validation and 397 test images, as float32.

    Raises
    ------
    ModuleNotFoundError
        When scikit-learn, which carries the data, is not installed.
    """
    pixels, labels = _bundled_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    train, validation, test = np.split(order, [N_TRAIN, N_TRAIN + N_VALIDATION])
    mean, deviation = pixels[train].mean(axis=0), pixels[train].std(axis=0)
    deviation[deviation == 0.0] = 1.0  # the corners are blank in every image
    images = ((pixels - mean) / deviation).astype(np.float32)
    return Digits(*(Part(images[rows], labels[rows]) for rows in (train, validation, test)))


def _bundled_digits() -> tuple[npt.NDArray[np.float64], Labels]:
    """Return grey levels 0 to 16 (1797, 64) and labels (1797,)."""
    try:
        from sklearn import datasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The digits data set is part of scikit-learn, and scikit-learn is not installed. "
            'Install it with: pip install "parzen[demo]"',
            name=error.name,
        ) from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    return pixels, labels.astype(np.int64)
