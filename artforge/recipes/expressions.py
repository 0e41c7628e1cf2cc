"""`=0.5 + 0.5*sin(tau*t)`: arithmetic from a short list of allowed words, read by walking its syntax tree.

Nothing is ever passed to `eval`: a recipe may arrive inside a picture from a stranger.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from artforge.core.errors import did_you_mean

MAX_CHARACTERS = 500
MAX_EXPONENT = 64
MAX_NESTING = 40
"""Operations inside each other."""
_DECIMALS = 12

TIME_NAMES = ("t", "frame", "frames")
"""Names that move with the timeline: the share of the film in [0, 1), the frame's index, the number of frames."""

CONSTANT_NAMES = {"pi": math.pi, "tau": math.tau}
VARIANT_NAMES = ("i", "n", "seed")
"""The variant's index, the number of variants, the seed."""

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, tuple[Callable[..., float], range]] = {
    "sin": (math.sin, range(1, 2)),
    "cos": (math.cos, range(1, 2)),
    "tan": (math.tan, range(1, 2)),
    "sqrt": (math.sqrt, range(1, 2)),
    "exp": (math.exp, range(1, 2)),
    "log": (math.log, range(1, 3)),
    "abs": (abs, range(1, 2)),
    "floor": (math.floor, range(1, 2)),
    "ceil": (math.ceil, range(1, 2)),
    "round": (round, range(1, 2)),
    "min": (min, range(2, 9)),
    "max": (max, range(2, 9)),
}


FUNCTION_NAMES = tuple(_FUNCTIONS)


class ExpressionError(ValueError):
    """A fault in an expression; `column` counts characters from the expression's first one, behind the `=`."""

    def __init__(self, message: str, column: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.column = column
        self.length = length


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        text: as typed, without the `=`.
        names: the names it reads.
    """

    text: str
    names: frozenset[str]
    body: ast.expr

    @property
    def moves(self) -> bool:
        """Whether it changes from frame to frame."""
        return bool(self.names & {"t", "frame"})

    def evaluate(self, values: Mapping[str, float]) -> float:
        """The number, with `values` for its names.

        Raises:
            ExpressionError: it divides by zero, leaves a function's domain, or is not finite.
        """
        try:
            number = float(_evaluate(self.body, {**CONSTANT_NAMES, **values}))
        except (ArithmeticError, ValueError) as error:
            raise ExpressionError(f"'={self.text}' has no value at {_shown(values, self.names)}: {error}") from error
        if not math.isfinite(number):
            raise ExpressionError(f"'={self.text}' is not finite at {_shown(values, self.names)}")
        return exact(number)


def exact(number: float) -> float:
    """A computed number without the dust of binary arithmetic: sin(pi) is 0, and equal moments have equal keys."""
    return round(number, _DECIMALS) + 0.0  # never -0


def parse_expression(text: str, allowed_names: frozenset[str]) -> Expression:
    """Check an expression without running it.

    Args:
        text: the expression behind its `=`.
        allowed_names: params and time names that it may read; `pi` and `tau` always are.

    Raises:
        ExpressionError: not arithmetic, an unknown name or function, or too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"an expression of {len(text)} characters: at most {MAX_CHARACTERS} are read")
    stripped = text.strip()
    indent = len(text) - len(text.lstrip())
    try:
        body = ast.parse(stripped, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = max(0, (getattr(error, "offset", 1) or 1) - 1)
        raise ExpressionError(f"'={text}' is not arithmetic", column + indent) from error
    names: set[str] = set()
    try:
        _check(body, allowed_names | CONSTANT_NAMES.keys(), names, MAX_NESTING)
    except ExpressionError as error:
        raise ExpressionError(str(error), error.column + indent, error.length) from error
    return Expression(stripped, frozenset(names - CONSTANT_NAMES.keys()), body)


def _check(node: ast.expr, allowed: frozenset[str] | set[str], names: set[str], room: int) -> None:
    if room == 0:
        raise _fault(node, f"an expression has at most {MAX_NESTING} operations inside each other")
    match node:
        case ast.Constant(value=bool()):
            raise _fault(node, "a truth is not a number")
        case ast.Constant(value=int() | float()):
            pass
        case ast.Name(id=name):
            if name not in allowed:
                raise _fault(node, f"unknown name {name!r} in an expression{did_you_mean(name, sorted(allowed))}")
            names.add(name)
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            _check(operand, allowed, names, room - 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS or isinstance(op, ast.Pow):
            _check(left, allowed, names, room - 1)
            _check(right, allowed, names, room - 1)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            if function not in _FUNCTIONS:
                hint = did_you_mean(function, FUNCTION_NAMES) or f" (known: {', '.join(FUNCTION_NAMES)})"
                raise _fault(node, f"unknown function {function!r}{hint}")
            counts = _FUNCTIONS[function][1]
            if len(arguments) not in counts:
                wanted = " or ".join(map(str, counts)) if len(counts) < 3 else f"{counts[0]} to {counts[-1]}"
                plural = "" if wanted == "1" else "s"
                raise _fault(node, f"{function} takes {wanted} number{plural}, received {len(arguments)}")
            for argument in arguments:
                _check(argument, allowed, names, room - 1)
        case _:
            raise _fault(node, "only numbers, names, + - * / // % ** and listed functions are allowed in an expression")


def _evaluate(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=op, operand=operand):
            number = _evaluate(operand, values)
            return -number if isinstance(op, ast.USub) else number
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_evaluate(left, values), _evaluate(right, values))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _FUNCTIONS[function][0](*(_evaluate(argument, values) for argument in arguments))
    raise ExpressionError("not a checked expression")


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"an exponent of {exponent} is beyond {MAX_EXPONENT}")
    return math.pow(base, exponent)


def _fault(node: ast.expr, message: str) -> ExpressionError:
    return ExpressionError(message, node.col_offset, max(1, (node.end_col_offset or 0) - node.col_offset))


def _shown(values: Mapping[str, float], names: frozenset[str]) -> str:
    return ", ".join(f"{name}={values[name]:g}" for name in sorted(names) if name in values) or "any time"
