"""Real networks: every layer of a saved file as the matrix that it is.

`network` is the door. An ONNX file is read by `onnx_file`; `onnx_shapes` and
`onnx_flow` find the shapes, `onnx_attributes` the geometries, `onnx_constants` the
weights, with `onnx_folding` where the file computes them from stored ones. `onnx_scope`
is what is known in one graph, `onnx_walk` goes through it and `onnx_inner` into those
within its operators; `onnx_layers` makes a row of an operator and what is `onnx_beside`
it. `onnx_proof` and `onnx_proof_integers` hold each layer against the reference
evaluator in `onnx_alone`, with what `onnx_comparison` has for both, in floats within
`rounding`. `safetensors_file` and `npz_file` read the tensors of `files`, `spelled`
what a caller adds to them; `weights` makes their rows and `weights_chain` joins them.

`facts` counts a layer from its geometry, `reach` follows the receptive fields, `norms`
asks for singular values. `value` holds what was found, `tables` writes it, by `columns`
and `remarks`.
"""

from convmat.inspect.network import inspect_file
from convmat.inspect.value import Inspection, LayerMatrix

__all__ = ["Inspection", "LayerMatrix", "inspect_file"]
