"""Products and factors by parts against NumPy's own."""

import numpy as np
import pytest

from parzen.engine.kernels.matrices import BLOCK, PART, inverse_factor, product


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [
        (0, 3, 2),
        (1, 1, 1),
        (5, 0, 4),
        (7, 30, 1),
        (300, 250, 250),
        (3, 600, 600),
        (250, 250, 7),
        (250, 250, 1601),
        (9, 250, 1600),
    ],
)
def test_products(m: int, k: int, n: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(n, k)).T
    assert product(a, b).shape == (m, n)
    np.testing.assert_allclose(product(a, b), a @ b, atol=1e-10)


def test_products_are_made_by_parts_for_which_no_threads_are_started() -> None:
    rows = PART // (100 * 100)
    a, b = np.ones((3 * rows + 1, 100)), np.ones((100, 100))
    assert rows > 1 and (product(a, b) == 100.0).all()


@pytest.mark.parametrize("n", [1, 2, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 250])
def test_inverse_factors(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, n + 3))
    matrix = x @ x.T + 1e-3 * np.eye(n)
    half = inverse_factor(matrix)
    np.testing.assert_allclose(half, np.tril(half), atol=1e-12)
    np.testing.assert_allclose(half, np.linalg.inv(np.linalg.cholesky(matrix)), rtol=1e-6, atol=1e-6)
    assert (matrix == x @ x.T + 1e-3 * np.eye(n)).all()


def test_what_is_not_positive_definite_is_refused_in_any_block() -> None:
    for i in (0, BLOCK, 2 * BLOCK + 5):
        matrix = np.eye(2 * BLOCK + 6)
        matrix[i, i] = -1.0
        with pytest.raises(np.linalg.LinAlgError):
            inverse_factor(matrix)
