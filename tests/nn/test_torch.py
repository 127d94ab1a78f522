"""Beside PyTorch, where it is installed: an oracle from outside."""

from itertools import product

import numpy as np
import pytest

from convmat.nn import (
    AvgPool,
    BatchNorm,
    BinaryCrossEntropy,
    Conv,
    ConvTranspose,
    CrossEntropy,
    Flatten,
    GlobalAvgPool,
    LeakyReLU,
    Linear,
    MaxPool,
    MeanSquare,
    ReLU,
    Residual,
    Sequential,
)
from convmat.verify.rounding import gamma

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def tensor(array):
    return torch.tensor(array, requires_grad=array.dtype.kind == "f")


def both(layer, theirs, x):
    """Outputs and gradients by the input, ours and theirs, for one random gradient."""
    t = tensor(x)
    expected = theirs(t)
    y = layer.forward(x)
    assert y.shape == tuple(expected.shape)
    grad = np.random.default_rng(9).integers(-9, 10, y.shape).astype(float)
    expected.backward(torch.tensor(grad))
    return (y, expected.detach().numpy()), (layer.backward(grad), t.grad.numpy())


def test_every_short_max_pool_is_torchs_with_its_gradient():
    rng = np.random.default_rng(0)
    compared = 0
    for size, pool, stride, dilation, ceil in product(
        range(1, 8), range(1, 4), range(1, 4), range(1, 4), (False, True)
    ):
        span = dilation * (pool - 1) + 1
        for pad in range(pool // 2 + 1):
            x = rng.integers(-1, 2, (2, 2, size)).astype(float)  # many ties

            def theirs(t, at=(pool, stride, pad, dilation, ceil)):
                return functional.max_pool1d(t, *at)

            layer = MaxPool(pool, stride, pad, dilation=dilation, ceil_mode=ceil)
            try:
                windows = theirs(torch.tensor(x))
            except RuntimeError:
                assert size + 2 * pad < span
                with pytest.raises(ValueError, match="pool_size must fit"):
                    layer.forward(x)
                continue
            if torch.isinf(windows).any():  # a window without a cell of the input
                with pytest.raises(ValueError, match="must leave every window a cell"):
                    layer.forward(x)
                continue
            for ours, expected in both(layer, theirs, x):
                assert np.array_equal(ours, expected)
            compared += 1
    assert compared > 300


def test_max_pools_of_planes_and_volumes_are_torchs():
    rng = np.random.default_rng(0)
    for kind, rank in ((functional.max_pool2d, 2), (functional.max_pool3d, 3)):
        for ceil in (False, True):
            pool, stride = (3, 2, 2)[:rank], (2, 1, 3)[:rank]
            pad, dilation = (1, 0, 1)[:rank], (1, 2, 1)[:rank]
            x = rng.integers(-2, 3, (2, 3, *(7, 6, 5)[:rank])).astype(float)
            layer = MaxPool(pool, stride, pad, dilation=dilation, ceil_mode=ceil)
            settings = (pool, stride, pad, dilation, ceil)
            for ours, theirs in both(layer, lambda t: kind(t, *settings), x):  # noqa: B023 - called at once
                assert np.array_equal(ours, theirs)


def test_nan_goes_the_same_way_through_a_max_pool():
    x = np.array([[[1.0, np.nan, 9.0, np.nan, 2.0, 3.0, np.nan, np.nan]]])
    (y, theirs), (grad, their_grad) = both(
        MaxPool(4, 2), lambda t: functional.max_pool1d(t, 4, 2), x
    )
    assert np.array_equal(y, theirs, equal_nan=True)
    assert np.array_equal(grad, their_grad)


def test_average_pools_are_torchs_with_their_gradients():
    rng = np.random.default_rng(0)
    for pad, ceil, include, override in product(
        ((0, 0), (1, 0), (1, 1)), (False, True), (False, True), (None, 3)
    ):
        x = rng.integers(-9, 10, (2, 3, 7, 6)).astype(float)
        layer = AvgPool(
            (3, 2),
            (2, 3),
            pad,
            ceil_mode=ceil,
            count_include_pad=include,
            divisor_override=override,
        )
        settings = ((3, 2), (2, 3), pad, ceil, include, override)
        pairs = both(layer, lambda t: functional.avg_pool2d(t, *settings), x)  # noqa: B023 - called at once
        for ours, theirs in pairs:
            assert np.all(np.abs(ours - theirs) <= gamma(8) * 9 * 6)


@pytest.mark.parametrize("route", ["fast", "matrix", "sliding"])
def test_convolutions_are_torchs_with_all_gradients(route):
    rng = np.random.default_rng(0)
    settings = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}
    spare = {"output_padding": (1, 0)}
    for ours, theirs in (
        (Conv(4, 6, (3, 2), rng=rng, route=route, **settings), torch.nn.Conv2d),
        (
            ConvTranspose(4, 6, (3, 2), rng=rng, route=route, **settings, **spare),
            torch.nn.ConvTranspose2d,
        ),
    ):
        more = spare if isinstance(ours, ConvTranspose) else {}
        other = theirs(4, 6, (3, 2), **settings, **more, dtype=torch.float64)
        with torch.no_grad():
            for name, parameter in other.named_parameters():
                assert tuple(parameter.shape) == ours.parameters[name].shape
                whole = rng.integers(-9, 10, parameter.shape)
                ours.parameters[name][...] = whole
                parameter.copy_(torch.tensor(whole))
        x = rng.integers(-9, 10, (3, 4, 7, 6)).astype(float)
        for one, two in both(ours, other, x):  # integers: exact
            assert np.array_equal(one, two)
        for name, parameter in other.named_parameters():
            assert np.array_equal(ours.gradients[name], parameter.grad.numpy())


def twins():
    """One network, ours and theirs, with the same parameters."""
    rng = np.random.default_rng(0)
    ours = Sequential(
        [
            Conv(1, 4, (3, 3), padding=1, rng=rng),
            BatchNorm(4),
            LeakyReLU(0.1),
            MaxPool(2),
            Residual(
                Sequential([Conv(4, 6, (3, 3), stride=2, padding=1, rng=rng), ReLU()]),
                Conv(4, 6, (1, 1), stride=2, bias=False, rng=rng),
            ),
            ConvTranspose(6, 3, (2, 2), stride=2, rng=rng),
            AvgPool(3, 2, 1, count_include_pad=False),
            GlobalAvgPool(),
            Flatten(),
            Linear(3, 5, rng=rng),
        ]
    )

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            body = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1)
            self.body = torch.nn.Sequential(body, torch.nn.ReLU())
            self.shortcut = torch.nn.Conv2d(4, 6, 1, stride=2, bias=False)

        def forward(self, x):
            return self.body(x) + self.shortcut(x)

    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.LeakyReLU(0.1),
        torch.nn.MaxPool2d(2),
        Block(),
        torch.nn.ConvTranspose2d(6, 3, 2, stride=2),
        torch.nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(3, 5),
    ).double()
    return ours, theirs


def test_a_state_goes_to_pytorch_and_back_and_means_the_same():
    ours, theirs = twins()
    assert list(ours.state()) == list(theirs.state_dict())
    state = {name: torch.tensor(array) for name, array in ours.state().items()}
    theirs.load_state_dict(state)
    x = np.random.default_rng(1).normal(size=(4, 1, 12, 12))
    labels = np.array([0, 4, 2, 2])
    for _ in range(3):  # batch statistics gather
        out = theirs(torch.tensor(x))
        theirs.zero_grad()
        functional.cross_entropy(out, torch.tensor(labels)).backward()
        y = ours.forward(x)
        _, grad = CrossEntropy()(y, labels)
        ours.backward(grad)
        # All numbers are below 10, and sums have at most 4 * 144 * 9 terms.
        bound = gamma(4 * 144 * 9) * 100
        assert np.abs(y - out.detach().numpy()).max() <= bound
        for name, parameter in theirs.named_parameters():
            gap = np.abs(ours.gradients[name] - parameter.grad.numpy()).max()
            assert gap <= bound, name
    state = {name: array.numpy() for name, array in theirs.state_dict().items()}
    for name, array in ours.state().items():
        assert np.abs(array - state[name]).max() <= bound, name
        assert array.dtype == state[name].dtype
    ours.load_state(state)
    theirs.eval()
    with ours.evaluating(), torch.no_grad():
        gap = np.abs(ours.forward(x) - theirs(torch.tensor(x)).numpy())
    assert gap.max() <= bound


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_torchs(smoothing, weighted):
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(6, 4)) * 3, np.array([0, 3, 2, 2, 1, 0])
    weight = np.array([0.5, 2.0, 0.0, 1.0]) if weighted else None
    t = tensor(scores)
    expected = functional.cross_entropy(
        t,
        torch.tensor(labels),
        weight=None if weight is None else torch.tensor(weight),
        label_smoothing=smoothing,
    )
    expected.backward()
    loss = CrossEntropy(label_smoothing=smoothing, weight=weight)
    value, grad = loss(scores, labels)
    assert abs(value - expected.item()) <= gamma(100) * 20
    assert np.abs(grad - t.grad.numpy()).max() <= gamma(100)


def test_losses_of_entries_are_torchs():
    rng = np.random.default_rng(0)
    scores, targets = rng.normal(size=(6, 4)) * 3, rng.uniform(size=(6, 4))
    for ours, theirs in (
        (BinaryCrossEntropy(), functional.binary_cross_entropy_with_logits),
        (MeanSquare(), functional.mse_loss),
    ):
        t = tensor(scores)
        expected = theirs(t, torch.tensor(targets))
        expected.backward()
        value, grad = ours(scores, targets)
        assert abs(value - expected.item()) <= gamma(100) * 20
        assert np.abs(grad - t.grad.numpy()).max() <= gamma(100) * 10


def test_batch_norm_is_torchs_in_single_precision_and_several_ranks():
    rng = np.random.default_rng(0)
    for kind, shape in (
        (torch.nn.BatchNorm1d, (8, 3)),
        (torch.nn.BatchNorm1d, (8, 3, 5)),
        (torch.nn.BatchNorm2d, (4, 3, 5, 2)),
        (torch.nn.BatchNorm3d, (2, 3, 2, 3, 2)),
    ):
        x = (rng.normal(size=shape) + 3).astype(np.float32)
        layer, theirs = BatchNorm(3, dtype=np.float32), kind(3)
        t = torch.tensor(x, requires_grad=True)
        out = theirs(t)
        y = layer.forward(x)
        grad = rng.normal(size=shape).astype(np.float32)
        out.backward(torch.tensor(grad))
        # Sums of at most 40 terms; values below 5, normalised and deviations near 1.
        bound = gamma(300, 2.0**-24) * 50
        assert np.abs(y - out.detach().numpy()).max() <= bound
        assert np.abs(layer.backward(grad) - t.grad.numpy()).max() <= bound
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            theirs_own = getattr(theirs, name).numpy()
            assert np.abs(layer.buffers[name] - theirs_own).max() <= bound


def test_default_initial_numbers_have_torchs_bounds():
    for ours, theirs in (
        (
            Conv(6, 8, (3, 3), groups=2, rng=np.random.default_rng(0)),
            torch.nn.Conv2d(6, 8, 3, groups=2),
        ),
        (
            ConvTranspose(6, 8, (3, 3), groups=2, rng=np.random.default_rng(0)),
            torch.nn.ConvTranspose2d(6, 8, 3, groups=2),
        ),
        (Linear(200, 30, rng=np.random.default_rng(0)), torch.nn.Linear(200, 30)),
    ):
        for name, parameter in theirs.named_parameters():
            largest = np.abs(ours.parameters[name]).max()
            other = float(parameter.detach().abs().max())
            # Uniform, so the largest of n is near the bound; the smallest n is 8.
            assert 0.5 <= largest / other <= 2, name
