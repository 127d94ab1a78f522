"""`Field`: what one activation sees along one axis, by a recurrence over the layers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from convmat.receptive.windows import Cells, Window, plain

__all__ = ["Field"]


@dataclass(frozen=True)
class Field:
    """The receptive field of the activations along one spatial axis of the input.

    Activation `o` depends on cells from `start + o * jump` to `start + o * jump + size
    - 1` and on no others, were there no end of any layer.

    Attributes
    ----------
    size : Fraction or int
        Cells of input from the first that it depends on to the last, those beside the
        input included. Behind a transposed convolution fields differ, and no field has
        more whole cells than this.
    jump : Fraction or int
        Cells of input between the fields of neighbouring activations.
    start : Fraction or int
        Where the field of activation 0 begins: minus the padding of all layers, each
        times the jump before it.
    count : int
        Activations along the axis.

    Examples
    --------
    >>> field = Field.of_input(28)
    >>> field = field.through(Window(reach=2, stride=2, first=-1), count=14)
    >>> field.size, field.jump, field.start
    (3, 2, -1)
    """

    size: Cells
    jump: Cells
    start: Cells
    count: int

    @classmethod
    def of_input(cls, count: int) -> Field:
        """Every cell of an input is its own field.

        Examples
        --------
        >>> Field.of_input(28)
        Field(size=1, jump=1, start=0, count=28)
        """
        return cls(1, 1, 0, count)

    def through(self, window: Window, count: int) -> Field:
        """The field of an activation that reads a window of such as this one.

        References
        ----------
        A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional
        neural networks", Distill 2019: the recurrences behind its closed formulas for
        the size, the effective stride (here `jump`) and the effective padding (here
        minus `start`).

        Examples
        --------
        >>> Field(3, 2, -1, 14).through(Window(reach=2, stride=2, first=-1), 7)
        Field(size=7, jump=4, start=-3, count=7)
        """
        return Field(
            plain(self.size + window.reach * self.jump),
            plain(self.jump * window.stride),
            plain(self.start + self.jump * window.first),
            count,
        )

    @property
    def center(self) -> Cells:
        """The middle of the field of activation 0.

        Examples
        --------
        >>> Field(7, 4, -3, 7).center
        0
        """
        return plain(self.start + Fraction(self.size - 1) / 2)

    def interval(self, out: int) -> tuple[Cells, Cells]:
        """The first and the last cell of activation `out`, beside the input too.

        Examples
        --------
        >>> Field(7, 4, -3, 7).interval(1)
        (1, 7)
        """
        first = plain(self.start + out * self.jump)
        return first, plain(first + self.size - 1)
