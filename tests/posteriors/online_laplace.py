"""A plain reference for one step of online Laplace, and beliefs and verdicts to try it on."""

import numpy as np
import torch
from scipy import optimize
from scipy.special import expit, log_expit

from flexiflow.posteriors.logistic import Logistic


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def laplace(mean, covariance, phi, passed):
    """The mode of N(mean, covariance) times one verdict, and the inverse Hessian there."""
    precision, sign = np.linalg.inv(covariance), 1.0 if passed else -1.0

    def loss(w):
        return (w - mean) @ precision @ (w - mean) / 2 - log_expit(sign * (phi @ w))

    def slope(w):
        return precision @ (w - mean) - sign * expit(-sign * (phi @ w)) * phi

    def curvature(w):
        return precision + expit(phi @ w) * expit(-phi @ w) * np.outer(phi, phi)

    found = optimize.minimize(
        loss, mean, jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-11}
    )
    return found.x, np.linalg.inv(curvature(found.x))


def some_covariance(d: int, rng: np.random.Generator) -> np.ndarray:
    root = rng.normal(size=(d, d))
    return root @ root.T / d + 0.2 * np.eye(d)


def known(mean, covariance, **options) -> Logistic:
    """Beliefs of one block that have come to this mean and covariance."""
    beliefs = Logistic(np.ones((1, len(mean))), **options)
    beliefs.mean[0] = torch.tensor(mean, dtype=torch.float64)
    beliefs.covariance[0] = torch.tensor(covariance, dtype=torch.float64)
    return beliefs


def verdicts(n: int, d: int, rng: np.random.Generator):
    """Features with a constant first and up to 4 deviations, and labels of a logistic world."""
    phi = np.clip(rng.normal(size=(n, d)) * 1.5, -4, 4)
    phi[:, 0] = 1.0
    return phi, rng.random(n) < expit(phi @ rng.normal(size=d))
