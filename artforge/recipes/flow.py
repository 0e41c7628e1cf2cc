"""What flows: each input gets the kind of value that it takes, and each output shows a picture.

A step that takes one value where several come is done for each of them: over `Images` where it takes an Image, over
the channels of `FeatureMaps` where it takes a Heatmap. What flows out is then several values too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from artforge.core.formats.known import FORMATS
from artforge.core.problems import Problems
from artforge.core.steps import Input
from artforge.core.values import ITEM_OF, STACK_OF, Kind
from artforge.recipes.checked import CheckedCall, CheckedPipe
from artforge.recipes.recipe import Output, Pipe
from artforge.recipes.timeline import Timeline

_WAYS_OUT = {
    (Kind.HEATMAP, Kind.IMAGE): ": put '- normalize' and '- colorize' behind it",
    (Kind.FEATURE_MAPS, Kind.IMAGE): ": put '- channel_grid' behind it",
    (Kind.IMAGES, Kind.IMAGE): ": put '- grid' behind it",
    (Kind.IMAGE, Kind.HEATMAP): ": put '- darkness' behind it",
    (Kind.DRAWING, Kind.IMAGE): ": put '- draw' behind it",
}
_AS_LIST = ": write a list of several, such as [$one, $other]"
_MADE_BY = "'- stipple', '- hatch', '- isolines' or '- flow_lines'"


@dataclass(frozen=True)
class Flow:
    """Follows the kinds of values through the pipes of a recipe."""

    problems: Problems
    timeline: Timeline | None = None

    def follow(
        self, pipe: Pipe, start: str | None, calls: tuple[CheckedCall, ...], kinds: Mapping[str, Kind | None]
    ) -> CheckedPipe:
        """A pipe with the kind of its value, None where it is not known, and its calls knowing what they map over."""
        flowing = kinds.get(start) if start else None
        followed = []
        for call in calls:
            mapped = self._mapped(call, self._received(call, flowing, kinds))
            followed.append(replace(call, mapped=mapped))
            flowing = followed[-1].output
        if not pipe.calls and pipe.start is None and not self.problems.found:
            self.problems.add(pipe.position, f"pipe {pipe.name!r} does nothing")
        return CheckedPipe(pipe.name, start, tuple(followed), flowing if len(calls) == len(pipe.calls) else None)

    def show(self, output: Output, kind: Kind | None) -> None:
        """An output shows an image or a drawing; a format of lines alone holds no other than a drawing."""
        if kind is None:
            return
        given = f"${output.source.name} gives {kind.with_article}"
        if kind not in (Kind.IMAGE, Kind.DRAWING):
            way_out = _WAYS_OUT.get((kind, Kind.IMAGE), "")
            message = f"output {output.name!r} shows an image or a drawing, {given}{way_out}"
            self.problems.add(output.source.position, message)
        if kind is Kind.DRAWING and self.timeline is not None and self.timeline.fade and _has_film(output):
            message = f"output {output.name!r}: a film of drawings cannot be faded into its beginning, {given}"
            self.problems.add(output.source.position, f"{message}: put '- draw' behind it, or write loop: boomerang")
        of_lines = " and ".join(name for name in output.formats if not FORMATS[name].pixels)
        if of_lines and output.is_sheet:
            message = f"output {output.name!r}: a contact sheet is a picture, {of_lines} holds lines; write png"
            self.problems.add(output.source.position, message)
        elif of_lines and kind is Kind.IMAGE:
            message = f"output {output.name!r}: {of_lines} holds a drawing, {given}: write png, or make a drawing"
            self.problems.add(output.source.position, f"{message} of a heatmap ({_MADE_BY})")

    def _received(
        self, call: CheckedCall, flowing: Kind | None, kinds: Mapping[str, Kind | None]
    ) -> dict[str, Kind | None]:
        """What each input gets, several values as the stack that is made of them."""
        received: dict[str, Kind | None] = {}
        for wanted in call.step.inputs:
            if wanted.name not in call.wiring:
                continue
            source = call.wiring[wanted.name]
            if isinstance(source, tuple):
                received[wanted.name] = self._together(call, wanted, source, kinds)
            else:
                kind = flowing if source is None else kinds.get(source)
                received[wanted.name] = wanted.kind if kind is wanted.given else kind
        return received

    def _together(
        self, call: CheckedCall, wanted: Input, sources: tuple[str, ...], kinds: Mapping[str, Kind | None]
    ) -> Kind | None:
        one = ITEM_OF[wanted.kind]
        for index, source in enumerate(sources):
            kind = kinds.get(source)
            if kind is not None and kind is not one:
                what = f"{call.step.name}.{wanted.name} puts together {one.plural}"
                message = f"{what}, ${source} gives {kind.with_article}{_WAYS_OUT.get((kind, one), '')}"
                self.problems.add(call.call.settings[wanted.name].items[index].position, message)
                return None
        return wanted.kind

    def _mapped(self, call: CheckedCall, received: Mapping[str, Kind | None]) -> tuple[str, ...]:
        mapped = []
        for wanted in call.step.inputs:
            kind = received.get(wanted.name)
            if kind is None or kind is wanted.kind:
                continue
            if ITEM_OF.get(kind) is wanted.kind and call.step.output in STACK_OF:
                mapped.append(wanted.name)
                continue
            source = call.wiring[wanted.name]
            origin = f"${source} gives" if source else "the pipe brings"
            way_out = _WAYS_OUT.get((kind, wanted.given), _AS_LIST if ITEM_OF.get(wanted.given) is kind else "")
            what = f"{call.step.name}.{wanted.name} wants {wanted.given.with_article}"
            self.problems.add(call.position_of(wanted.name), f"{what}, {origin} {kind.with_article}{way_out}")
        return tuple(mapped)


def _has_film(output: Output) -> bool:
    return any(FORMATS[name].film for name in output.formats)
