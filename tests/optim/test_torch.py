"""The rules beside PyTorch's, where it is installed."""

from itertools import product

import numpy as np
import pytest

from convmat.optim import SGD, Adam

torch = pytest.importorskip("torch")

START = np.array([1.0, -2.0, 0.5, 0.0])
GRADIENTS = [np.array(row) for row in np.random.default_rng(0).integers(-4, 5, (6, 4))]
BOTH = (False, True)


def theirs(kind, start, gradients, **options):
    weight = torch.nn.Parameter(torch.tensor(start))
    optimiser = kind([weight], **options)
    for gradient in gradients:
        weight.grad = torch.tensor(gradient.astype(start.dtype))
        optimiser.step()
    return weight.detach().numpy()


def ours(rule, start, gradients):
    weights = {"w": start.copy()}
    for gradient in gradients:
        rule.step(weights, {"w": gradient.astype(start.dtype)})
    return weights["w"]


@pytest.mark.parametrize(
    ("momentum", "nesterov", "weight_decay"),
    [case for case in product((0, 0.5), BOTH, (0, 0.25)) if case[0] or not case[1]],
)
def test_sgd_is_that_of_pytorch_to_the_bit(momentum, nesterov, weight_decay):
    # Dyadic numbers, so float64 rounds nothing in either.
    options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    found = ours(SGD(0.125, **options), START, GRADIENTS)
    expected = theirs(torch.optim.SGD, START, GRADIENTS, lr=0.125, **options)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("weight_decay", "decoupled"), [(0, False), (0.1, False), (0.1, True)]
)
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.25)])
def test_adam_is_that_of_pytorch_within_rounding(dtype, weight_decay, decoupled, betas):
    # The bound of test_adam.py for each of the two runs. Weights of -1 to -10 and
    # gradients of 3 to 5 make a step at most a third of the weight it moves.
    start = -np.array([1.0, 2.0, 4.0, 8.0], dtype)
    gradients = [3 + np.random.default_rng(n).uniform(0, 2, 4) for n in range(8)]
    options = {"betas": betas, "eps": 1e-6, "weight_decay": weight_decay}
    found = ours(Adam(0.125, **options, decoupled=decoupled), start, gradients)
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    expected = theirs(kind, start, gradients, lr=0.125, **options)
    n, u = len(gradients), np.finfo(dtype).eps / 2
    relative = 2 * n * ((10 * n + 14) / 3 + 3) * u
    assert found.dtype == expected.dtype == dtype
    assert (np.abs(found - expected) <= relative * np.abs(expected)).all()
