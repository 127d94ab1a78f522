"""Convolutions that are wrong, or misbehave, for tests that import them by name."""

import sys
import time

import numpy as np

from convmat import conv, conv_input_grad, conv_kernel_grad

right, right_input_grad, right_kernel_grad = conv, conv_input_grad, conv_kernel_grad
not_a_function = 3


def flipped(x, kernel, bias=None, **settings):
    return conv(x, kernel[..., ::-1], bias, **settings)


def strides_swapped(x, kernel, bias=None, *, stride, **settings):
    return conv(x, kernel, bias, stride=stride[::-1], **settings)


def loops(x, kernel, bias=None, *, stride=(1, 1)):
    """A plain loop over outputs, which claims strides and no more."""
    sizes = zip(x.shape[2:], kernel.shape[2:], stride, strict=True)
    high, wide = ((n - k) // s + 1 for n, k, s in sizes)
    y = np.zeros((len(x), len(kernel), high, wide), x.dtype)
    for i in range(high):
        for j in range(wide):
            window = x[
                :,
                :,
                i * stride[0] : i * stride[0] + kernel.shape[2],
                j * stride[1] : j * stride[1] + kernel.shape[3],
            ]
            y[:, :, i, j] = np.einsum("ncij,ocij->no", window, kernel)
    return y if bias is None else y + bias[:, None, None]


def hangs(x, kernel, **settings):
    while True:
        time.sleep(0.001)


def raises(x, kernel, **settings):
    message = "not today"
    raise RuntimeError(message)


def wrong_type(x, kernel, **settings):
    return "a convolution"


def wrong_shape(x, kernel, **settings):
    return conv(x, kernel, **settings)[..., :0]


def prints(x, kernel, bias=None, **settings):
    sys.stdout.write("shape")
    return conv(x, kernel, bias, **settings)


def modifies(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    x *= 2
    return y


def leaves(x, kernel, **settings):
    sys.exit(7)


_CALLS = []


def moody(x, kernel, bias=None, **settings):
    """Every fifth answer is off by 1."""
    _CALLS.append(1)
    y = conv(x, kernel, bias, **settings)
    return y + 1 if len(_CALLS) % 5 == 0 else y
