"""How far rounding alone can drive two runs of one training step apart.

Two runs take the same step with weights that differ by known gaps. This room bounds
the gaps after the step: what the old gaps propagate to, plus what rounding adds in each
run. The rules are those of running error analysis, entry by entry:

* a sum of `n` products, in any order, is computed to within
  `gamma(n) * sum |w| |x|`, with `gamma(n) = n u / (1 - n u)`. That covers all routes of
  `Conv` and `ConvTranspose`, `Linear`, the means of `AvgPool` and `GlobalAvgPool`, and
  sums of gradients;
* a product of two perturbed arrays differs by
  `|w| dx + dw (|x| + dx)`;
* ReLU is 1-Lipschitz; where the sign of its input is within the gap, its gradient may
  pass in one run and not in the other. With a slope below 0, the same holds of the two
  slopes;
* a maximum changes by no more than the cells do that may hold it. Where several may,
  the gradient may go to any of them, and counts in full at each;
* a quotient `a / b` differs by `da / b + |a| db / (b (b + db))`, where `b` is the
  smallest that it may be in either run. In batch normalisation that is at least
  `sqrt(eps)`, in Adam at least `eps`: a variance and a mean of squares are never
  negative. So both bounds are finite; Adam's says little of an entry whose gradients
  are mere rounding, because there is little to say: dividing makes them large;
* a root differs by `|a - b| / (sqrt(a) + sqrt(b))`, and at most by `sqrt(|a - b|)`;
* what dropout keeps is the same in both runs, which share their generator's state;
* a softmax entry changes by at most the factor `exp(2 d)` when scores change by `d`, a
  logistic one by at most `exp(d)` and at most by `d / 4`.

`kernels`, `entries`, `pooling`, `norm` and `composites` hold the rules for layers,
`losses` and `updates` the others; `units` holds the arithmetic that they share.
`rules.through` is where a rule for a layer of one's own is registered.

The bound starts anew from the gaps that were measured before each step. So it says of
every step of a long run that its drift is explained by rounding, and does not grow with
the length of the run, as a bound from the first step on would.

One unit roundoff `u` serves all sums of a step. So inputs, parameters, running
statistics, what the rule remembers and the gradient of the loss must be of one dtype,
float32 or float64; others are refused.

References
----------
N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002,
chapter 3.
"""

from convmat.verify.rounding import (  # noqa: F401 - each registers its rules
    composites,
    entries,
    kernels,
    norm,
    pooling,
)
from convmat.verify.rounding.kernels import most_reads
from convmat.verify.rounding.step import StepBound, step_bound
from convmat.verify.rounding.units import gamma

__all__ = ["StepBound", "gamma", "most_reads", "step_bound"]
