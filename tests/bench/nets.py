"""The nets of `bench_step.py`, as every engine has them, and a whole run of one.

A process that is measured from its start loads this file and no more: what measures it
must not be measured with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

CHANNELS = {"A": [1, 4, 8, 16, 32, 2], "F": [1, 8, 16, 32, 64, 10]}
FIRST = {"A": 3, "F": 5}
"""Channels of the two nets, and taps of the first kernel along each axis."""

State = dict[str, np.ndarray]


def weights(net: str) -> State:
    """The initial weights, by PyTorch's names: the same in every process."""
    rng = np.random.default_rng(3)
    state, number = {}, 0
    for position, (before, after) in enumerate(pairwise(CHANNELS[net])):
        size = 3 if position else FIRST[net]
        spread = 1 / np.sqrt(before * size * size)
        for name, shape in (
            ("weight", (after, before, size, size)),
            ("bias", (after,)),
        ):
            drawn = rng.uniform(-spread, spread, shape).astype(np.float32)
            state[f"{number}.{name}"] = drawn
        number += 1 + (after != CHANNELS[net][-1]) + (net == "F")
    return state


def batch_of(net: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels: the same in every process."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((size, 1, 28, 28), dtype=np.float32)
    return x, rng.integers(0, CHANNELS[net][-1], size)


class Ours:
    """A model of convmat, compiled if `threads` are given."""

    def __init__(self, net: str, threads: int = 0, dtype: type = np.float32) -> None:
        from convmat.nn import (
            BatchNorm,
            Compiled,
            Conv,
            CrossEntropy,
            Flatten,
            ReLU,
            Sequential,
        )
        from convmat.optim import Adam

        rng = np.random.default_rng(0)
        layers: list[Any] = []
        for position, (before, after) in enumerate(pairwise(CHANNELS[net])):
            size = 3 if position else FIRST[net]
            settings: Any = {"stride": 2, "padding": size // 2, "dtype": dtype}
            layers.append(Conv(before, after, (size, size), rng=rng, **settings))
            if after != CHANNELS[net][-1]:
                layers.append(ReLU())
            if net == "F":
                layers.append(BatchNorm(after, dtype=dtype))
        self.model = Sequential([*layers, Flatten()])
        drawn = {name: array.astype(dtype) for name, array in weights(net).items()}
        self.model.load(self.model.parameters | drawn)
        self.passes: Any = (
            Compiled(self.model, threads=threads) if threads else self.model
        )
        self.loss, self.rule = CrossEntropy(), Adam(1e-3)

    def gradients(self, x: np.ndarray, y: np.ndarray) -> State:
        """Of one batch, by PyTorch's names."""
        _, grad = self.loss(self.passes.forward(x), y)
        self.passes.backward(grad)
        return self.model.gradients

    def step(self, x: np.ndarray, y: np.ndarray) -> None:
        """One step of Adam."""
        from convmat.optim.together import step_together

        step_together(self.rule, self.model.parameters, self.gradients(x, y))

    def arrays(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """A batch as this engine wants it."""
        return x, y


class Torch:
    """The same model of PyTorch."""

    def __init__(self, net: str, channels_last: bool) -> None:
        import torch

        self.torch = torch
        layers: list[Any] = []
        for position, (before, after) in enumerate(pairwise(CHANNELS[net])):
            size = 3 if position else FIRST[net]
            conv = torch.nn.Conv2d(before, after, size, stride=2, padding=size // 2)
            layers.append(conv)
            if after != CHANNELS[net][-1]:
                layers.append(torch.nn.ReLU())
            if net == "F":
                layers.append(torch.nn.BatchNorm2d(after))
        self.model = torch.nn.Sequential(*layers, torch.nn.Flatten())
        drawn = {k: torch.from_numpy(v) for k, v in weights(net).items()}
        self.model.load_state_dict(drawn, strict=False)
        self.layout = torch.contiguous_format
        if channels_last:
            self.layout = torch.channels_last
            self.model = self.model.to(memory_format=self.layout)
        self.rule = torch.optim.Adam(self.model.parameters(), 1e-3)

    def gradients(self, x: Any, y: Any) -> State:
        """Of one batch, by PyTorch's names."""
        self._backward(x, y)
        named = self.model.named_parameters()
        return {name: tensor.grad.numpy() for name, tensor in named}

    def step(self, x: Any, y: Any) -> None:
        """One step of Adam."""
        self._backward(x, y)
        self.rule.step()

    def arrays(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """A batch as this engine wants it."""
        images = self.torch.from_numpy(x).contiguous(memory_format=self.layout)
        return images, self.torch.from_numpy(y)

    def _backward(self, x: Any, y: Any) -> None:
        self.rule.zero_grad()
        self.torch.nn.functional.cross_entropy(self.model(x), y).backward()


ENGINES: dict[str, Callable[[str, int], Any]] = {
    "compiled": Ours,
    "layers": lambda net, _: Ours(net),
    "torch": lambda net, _: Torch(net, channels_last=False),
    "torch last": lambda net, _: Torch(net, channels_last=True),
}


def run_epoch(engine: str, net: str, data: str) -> None:
    """One epoch over all digits in batches of 64, in an order drawn anew."""
    if engine.startswith("torch"):
        import torch

        torch.set_num_threads(1)
    with np.load(data) as saved:
        x, y = saved["x"], saved["y"]
    if engine == "learner":
        learner_of(net, x, y).fit(1, progress=False)
    else:
        model = ENGINES[engine](net, 1)
        order = np.random.default_rng(0).permutation(len(x))
        for start in range(0, len(x) - 63, 64):
            chosen = order[start : start + 64]
            model.step(*model.arrays(x[chosen], y[chosen]))
    print(_peak())


def learner_of(net: str, x: np.ndarray, y: np.ndarray) -> Any:
    """The whole trainer, as a user has it: loader, recorder, and a state to undo to."""
    from convmat.nn import Learner, Loader

    made = Ours(net)
    return Learner(made.model, Loader(x, y, 64, drop_last=True), made.rule)


def _peak() -> float:
    """The most memory that this process had, in MB; on Linux only, else 0."""
    # Not ru_maxrss: a new process begins with that of its parent.
    if sys.platform != "linux":
        return 0.0
    with open("/proc/self/status") as status:  # noqa: PTH123 - pathlib is not loaded
        (line,) = (text for text in status if text.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    run_epoch(*sys.argv[1:])
