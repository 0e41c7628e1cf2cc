"""Value and gradient of a function of the input, compiled: the one module that names a backend.

Everything else in the engine is written once, in Keras' neutral operations.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from artforge.engine.backend import load_keras

LONG_RUN = 5e11
"""Multiplications in one go from which seconds of deeper compiling pay for themselves on a CPU."""

XLA_BATCH = 4
"""With TensorFlow, long runs in batches of at least this many may go through XLA; smaller ones are faster without."""

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
        self, function: Function, variables: Sequence[Any], arguments: Sequence[Any], *, num_inputs: int
    ) -> None:
        self.num_traces = 0
        self._function = function
        self._dtypes = [argument.dtype for argument in arguments]
        self._convert: Callable[[Any, str], Any] = load_keras().ops.convert_to_tensor
        backend = load_keras().backend.backend()
        if backend == "tensorflow":
            self._convert = _tensorflow_tensor
            self._run = _on_tensorflow(self._counted, arguments, num_inputs)
        elif backend == "jax":
            self._run = _on_jax(self._counted, variables, num_inputs)
        else:
            self._run = _on_torch(self._counted, num_inputs)

    def _counted(self, *arguments: Any) -> Any:
        self.num_traces += 1
        return self._function(*arguments)

    def __call__(self, *arguments: Any, long_run: bool = False) -> Any:
        """Run it. `long_run` says that much will be computed at this shape, worth seconds of deeper compiling first."""
        # a network in half precision wants its own kind of numbers, and callers hold float32
        typed = zip(arguments, self._dtypes, strict=True)
        return self._run(long_run, *(self._convert(argument, dtype) for argument, dtype in typed))


def compile_function(function: Function, variables: Sequence[Any], arguments: Sequence[Any]) -> Compiled:
    """`function(*tensors)`, compiled.

    Args:
        function: written in Keras operations, pure; gives a tensor or a list of them.
        variables: every Keras variable that it reads.
        arguments: one `KerasTensor` for each argument: its dtype, and its shape with None where sizes change.
    """
    return Compiled(function, variables, arguments, num_inputs=0)


def compile_gradient(
    function: Function, variables: Sequence[Any], arguments: Sequence[Any], *, num_inputs: int = 1
) -> Compiled:
    """`function(*inputs, *others)` together with its gradient for every input, compiled.

    Args:
        function: written in Keras operations, pure; gives (values, extras): one value a sample, (n,), or a single
            value, and a list of any other tensors to hand back. The samples of a batch must not depend on each other:
            then one backward pass of their sum gives each its own gradient.
        variables: every Keras variable that it reads. Their gradients are never computed.
        arguments: one `KerasTensor` for each argument, the inputs first: its dtype, and its shape with None where
            sizes change.
        num_inputs: how many of the arguments are inputs to differentiate for.

    Returns:
        a callable: (*inputs, *others) -> (values (n,), [the gradient of their sum for each input], extras); a gradient
        is shaped like its input and zero where nothing depends on it.
    """
    return Compiled(function, variables, arguments, num_inputs=num_inputs)


def _on_tensorflow(function: Function, arguments: Sequence[Any], num_inputs: int) -> Function:
    tensorflow = importlib.import_module("tensorflow")

    def differentiated(*tensors: Any) -> Any:
        inputs = list(tensors[:num_inputs])
        # without watch_accessed_variables=False the tape also computes, and throws away, every weight's gradient
        with tensorflow.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            values, extras = function(*tensors)
        zeros = tensorflow.UnconnectedGradients.ZERO
        return values, tape.gradient(values, inputs, unconnected_gradients=zeros), extras

    body = differentiated if num_inputs else function
    # one program for all shapes: a picture's numbers then never depend on which pictures came before it
    signature = [tensorflow.TensorSpec(tensor.shape, tensor.dtype) for tensor in arguments]
    # their one program each: looking for the right one takes half a millisecond of every call
    plain, fused = (
        cache(
            tensorflow.function(
                body, input_signature=signature, autograph=False, jit_compile=fuses
            ).get_concrete_function
        )
        for fuses in (None, True)
    )
    plain_only = _has_onednn()

    def run(long_run: bool, x: Any, *others: Any) -> Any:
        nonlocal plain_only
        if plain_only or not long_run or len(x.shape) == 0 or x.shape[0] < XLA_BATCH:
            return plain()(x, *others)
        try:
            return fused()(x, *others)
        except (tensorflow.errors.InvalidArgumentError, tensorflow.errors.UnimplementedError) as error:
            if _XLA_REFUSES not in str(error):
                raise
            plain_only = True  # a layer that XLA does not know: the same numbers come from the plain program, slower
            return plain()(x, *others)

    return run


def _tensorflow_tensor(argument: Any, dtype: str) -> Any:
    """A tensor of an array or a tensor: what Keras does, in a third of the time."""
    tensorflow = importlib.import_module("tensorflow")
    if isinstance(argument, tensorflow.Tensor):
        return tensorflow.cast(argument, dtype)
    return tensorflow.convert_to_tensor(argument, dtype)


def _has_onednn() -> bool:
    """Whether TensorFlow computes with oneDNN, as it does by itself on CPUs that have vector instructions for it.

    Its convolutions run at the peak of the machine there, and XLA's do not; without it XLA is the faster one.
    """
    try:
        ports = importlib.import_module("tensorflow.python.util._pywrap_util_port")
        return bool(ports.IsMklEnabled())
    except (ImportError, AttributeError):
        return False  # TensorFlow has no public way to ask


def _on_jax(function: Function, variables: Sequence[Any], num_inputs: int) -> Function:
    jax = importlib.import_module("jax")
    keras = load_keras()

    # weights come in as arguments: as constants they would be baked into every program
    def pure(weights: Any, *tensors: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True))):
            return function(*tensors)

    def summed(inputs: Any, weights: Any, *others: Any) -> Any:
        values, extras = pure(weights, *inputs, *others)
        return values.sum(), (values, extras)

    def differentiated(weights: Any, *tensors: Any) -> Any:
        inputs, others = list(tensors[:num_inputs]), tensors[num_inputs:]
        (_, (values, extras)), gradients = jax.value_and_grad(summed, has_aux=True)(inputs, weights, *others)
        return values, gradients, extras

    program = jax.jit(differentiated if num_inputs else pure)

    def run(_: bool, *tensors: Any) -> Any:
        return program([variable.value for variable in variables], *tensors)

    return run


def _on_torch(function: Function, num_inputs: int) -> Function:
    torch = importlib.import_module("torch")

    def forward(_: bool, *tensors: Any) -> Any:
        with torch.no_grad():
            return function(*tensors)

    def differentiated(_: bool, *tensors: Any) -> Any:
        inputs = [tensor.detach().requires_grad_(True) for tensor in tensors[:num_inputs]]
        values, extras = function(*inputs, *tensors[num_inputs:])
        gradients: Sequence[Any] = [None] * num_inputs
        if values.requires_grad:
            gradients = torch.autograd.grad(values.sum(), inputs, allow_unused=True)
        filled = [
            torch.zeros_like(given) if gradient is None else gradient
            for given, gradient in zip(inputs, gradients, strict=True)
        ]
        return values.detach(), filled, [extra.detach() for extra in extras]

    return differentiated if num_inputs else forward
