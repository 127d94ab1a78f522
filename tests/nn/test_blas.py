"""A learner works with one thread of BLAS, and its numbers are those of any machine."""

import os
import subprocess
import sys

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from convmat.nn import Callback, Learner, Loader, digits_cnn, load_digits
from convmat.nn.blas import one_blas_thread
from convmat.optim import SGD

RUN = """
import numpy as np
from convmat.experiments import chapter13
from convmat.nn import mnist10k

data = mnist10k().take(np.arange(2_048)).split(1_024)
learner = chapter13.learner_of("E", data)
recorder = learner.fit(2, 0.01, progress=False)
scores = learner.predict(learner.held_out)
losses = [float(loss).hex() for loss in recorder.losses]
print(losses, scores.tobytes().hex()[:4000])
"""


def threads():
    return {
        one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"
    }


class Asks(Callback):
    def __init__(self):
        self.seen = set()

    def after_batch(self, learner, loss):
        self.seen |= threads()


def learner(callback):
    digits = load_digits()
    loader = Loader(digits.train_images[:128], digits.train_labels[:128])
    return Learner(digits_cnn(), loader, SGD(0.1), callbacks=[callback])


def test_a_fit_has_one_thread_and_leaves_as_many_as_there_were():
    asks = Asks()
    with threadpool_limits(2, user_api="blas"):
        learner(asks).fit(1, progress=False)
        assert threads() <= {2}
    assert asks.seen <= {1}


def test_it_is_as_before_after_an_error_too():
    with threadpool_limits(2, user_api="blas"):
        try:
            with one_blas_thread():
                raise KeyError
        except KeyError:
            pass
        assert threads() <= {2}


def test_numbers_do_not_depend_on_the_threads_that_the_machine_offers():
    told = [
        subprocess.run(
            [sys.executable, "-c", RUN],
            env=os.environ | {"OPENBLAS_NUM_THREADS": count, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for count in ("1", "2")
    ]
    assert told[0] == told[1]
    assert np.char.count(told[0], "0x") == 4
