"""The command line: each command is one library call.

`entry` reads the arguments and runs a command. Each command is a file: `tour`, `matrix`
(with `asked` for what is to be written, `picture` and `formats` for how, `info` for the
numbers, `entries` for the triplets, `kernel` for the values of the taps), `same`,
`constrain` (with `pictures` for its figures), `fastbook` (with `chapter_pictures`),
`figures` (with `figure_list`), `verify`, `prove`, `lemmas`, `certify` and `recognize`.
`options` reads a geometry, `parser` and `spoken` make errors one sentence in the words
of the command line, `files` writes without leaving half a file, `folder` is where
figures go, `completion` prints scripts for shells.
"""

from convmat.cli.entry import main

__all__ = ["main"]
