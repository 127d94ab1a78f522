"""The command line: each command is one library call.

`entry` reads the arguments and runs a command. Each command is a file: `tour`, `matrix`
(with `info` for the numbers, `formats` for what it writes, `entries` for the triplets,
`kernel` for the values of the taps), `same`, and `constrain` (with `pictures` for its
figures). `options` reads a geometry, `files` writes without leaving half a file,
`completion` prints scripts for shells.
"""

from convmat.cli.entry import main

__all__ = ["main"]
