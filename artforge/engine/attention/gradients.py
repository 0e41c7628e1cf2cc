"""Value and gradient of a function of the input, compiled: the one module that names a backend.

Everything else in the engine is written once, in Keras' neutral operations.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from artforge.engine.backend import load_keras

XLA_BATCH = 4
"""With TensorFlow, long runs in batches of at least this many go through XLA; one small picture is faster without."""

_XLA_REFUSES = "unsupported operations when trying to compile"

Function = Callable[..., Any]


class Compiled:
    """A function of backend tensors, compiled at its first call, never again for a new value.

    Call it with NumPy arrays or backend tensors; it gives backend tensors back. Indices (of a class, of a channel)
    must be arguments, not Python numbers baked into the function: then another index is not another program.

    Attributes:
        num_traces: how often the Python function has been run to build a program: with TensorFlow once, with JAX once
            for each new shape; torch builds none, and runs it at every call.
    """

    def __init__(
        self, function: Function, networks: Sequence[Any], arguments: Sequence[Any], *, with_gradient: bool
    ) -> None:
        self.num_traces = 0
        self._function = function
        self._ops = load_keras().ops
        backend = load_keras().backend.backend()
        if backend == "tensorflow":
            self._run = _on_tensorflow(self._counted, arguments, with_gradient)
        elif backend == "jax":
            self._run = _on_jax(self._counted, networks, with_gradient)
        else:
            self._run = _on_torch(self._counted, with_gradient)

    def _counted(self, *arguments: Any) -> Any:
        self.num_traces += 1
        return self._function(*arguments)

    def __call__(self, *arguments: Any, long_run: bool = False) -> Any:
        """Run it. `long_run` says that much will be computed at this shape, worth seconds of deeper compiling first."""
        return self._run(long_run, *(self._ops.convert_to_tensor(argument) for argument in arguments))


def compile_function(function: Function, networks: Sequence[Any], arguments: Sequence[Any]) -> Compiled:
    """`function(*tensors)`, compiled.

    Args:
        function: written in Keras operations, pure.
        networks: every Keras model whose weights it reads.
        arguments: one `KerasTensor` for each argument: its dtype, and its shape with None where sizes change.
    """
    return Compiled(function, networks, arguments, with_gradient=False)


def compile_gradient(function: Function, networks: Sequence[Any], arguments: Sequence[Any]) -> Compiled:
    """`function(x, *others)` together with its gradient for `x`, compiled.

    Args:
        function: written in Keras operations, pure; gives one value a sample, (n,), or a single value. The samples
            of a batch must not depend on each other: then one backward pass of their sum gives each its own gradient.
        networks: every Keras model whose weights it reads. Their gradients are never computed.
        arguments: one `KerasTensor` for each argument, x first: its dtype, and its shape with None where sizes change.

    Returns:
        a callable: (x, *others) -> (values (n,), gradient of their sum), the gradient shaped like x and zero where
        nothing depends on x.
    """
    return Compiled(function, networks, arguments, with_gradient=True)


def _on_tensorflow(function: Function, arguments: Sequence[Any], with_gradient: bool) -> Function:
    tensorflow = importlib.import_module("tensorflow")

    def differentiated(x: Any, *others: Any) -> Any:
        # without watch_accessed_variables=False the tape also computes, and throws away, every weight's gradient
        with tensorflow.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            values = function(x, *others)
        zeros = tensorflow.UnconnectedGradients.ZERO
        return values, tape.gradient(values, x, unconnected_gradients=zeros)

    body = differentiated if with_gradient else function
    # one program for all shapes: a picture's numbers then never depend on which pictures came before it
    signature = [tensorflow.TensorSpec(tensor.shape, tensor.dtype) for tensor in arguments]
    plain = tensorflow.function(body, input_signature=signature, autograph=False)
    fused = tensorflow.function(body, input_signature=signature, autograph=False, jit_compile=True)
    refused = False

    def run(long_run: bool, x: Any, *others: Any) -> Any:
        nonlocal refused
        if refused or not long_run or len(x.shape) == 0 or x.shape[0] < XLA_BATCH:
            return plain(x, *others)
        try:
            return fused(x, *others)
        except (tensorflow.errors.InvalidArgumentError, tensorflow.errors.UnimplementedError) as error:
            if _XLA_REFUSES not in str(error):
                raise
            refused = True  # a layer that XLA does not know: the same numbers come from the plain program, slower
            return plain(x, *others)

    return run


def _on_jax(function: Function, networks: Sequence[Any], with_gradient: bool) -> Function:
    jax = importlib.import_module("jax")
    keras = load_keras()
    variables = [variable for network in networks for variable in network.variables]

    # weights come in as arguments: as constants they would be baked into every program
    def pure(x: Any, weights: Any, *others: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True))):
            return function(x, *others)

    def summed(x: Any, weights: Any, *others: Any) -> Any:
        values = pure(x, weights, *others)
        return values.sum(), values

    def differentiated(x: Any, weights: Any, *others: Any) -> Any:
        (_, values), gradient = jax.value_and_grad(summed, has_aux=True)(x, weights, *others)
        return values, gradient

    program = jax.jit(differentiated if with_gradient else pure)

    def run(_: bool, x: Any, *others: Any) -> Any:
        return program(x, [variable.value for variable in variables], *others)

    return run


def _on_torch(function: Function, with_gradient: bool) -> Function:
    torch = importlib.import_module("torch")

    def forward(_: bool, *arguments: Any) -> Any:
        with torch.no_grad():
            return function(*arguments)

    def differentiated(_: bool, x: Any, *others: Any) -> Any:
        x = x.detach().requires_grad_(True)
        values = function(x, *others)
        if not values.requires_grad:
            return values, torch.zeros_like(x)
        (gradient,) = torch.autograd.grad(values.sum(), x, allow_unused=True)
        return values.detach(), torch.zeros_like(x) if gradient is None else gradient

    return differentiated if with_gradient else forward
