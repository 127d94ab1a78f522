"""Training on buffers that are made once: the same sums as the layers', sooner.

`Compiled` is the face. `reading` says which models it carries, and `plan` puts their
`steps` in order (`affine`, `norms`), each on its own `buffers`; `cells` are views of
them. `arithmetic` is what the steps compute, and `workers` are the threads.

The batch is the innermost axis of every array, cut into chunks that stay in a cache.
Each step writes straight into the padded input of the next one. A convolution lays its
windows as columns, which the backward pass finds in place, and is one product; so is
the gradient of its kernel. The first layer has no gradient by its input. The statistics
of batch normalisation are those of the whole batch, merged from the chunks.
"""

from convmat.nn.compiled.model import Compiled
from convmat.nn.compiled.reading import obstacle

__all__ = ["Compiled", "obstacle"]
