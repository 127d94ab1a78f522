"""Real networks: every layer of a saved file as the matrix that it is.

`network` is the door. An ONNX file is read by `onnx_file`; `onnx_shapes` and
`onnx_flow` find the shapes, `onnx_attributes` the geometries, `onnx_constants` the
weights; `onnx_layers` makes a row of an operator, `onnx_walk` goes through the graph,
and `onnx_proof` holds each layer against the reference evaluator in `onnx_alone`, in
floats within `rounding`.
`files` reads safetensors and npz, `spelled` what a caller adds to them, `weights` makes
their rows.

`facts` counts a layer from its geometry, `reach` follows the receptive fields, `norms`
asks for singular values. `value` holds what was found, `tables` writes it.
"""

from convmat.inspect.network import inspect_file
from convmat.inspect.value import Inspection, LayerMatrix

__all__ = ["Inspection", "LayerMatrix", "inspect_file"]
