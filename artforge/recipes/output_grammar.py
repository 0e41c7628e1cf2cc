"""The `outputs:` section: what is delivered, in which formats and sizes."""

from __future__ import annotations

from typing import cast, get_args

from artforge.core.formats.known import FILM_FORMATS, LOSSY_FORMATS, format_fault
from artforge.core.problems import Position
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.print_grammar import PRINT_KEYS, PrintReader
from artforge.recipes.readers import START, key_place, value_place
from artforge.recipes.recipe import Format, Grid, Output, Per, Reference
from artforge.recipes.timeline import Timeline


class OutputReader(PrintReader):
    """Reads the `outputs:` section."""

    def outputs(self, root: Tree, timeline: Timeline | None, *, has_sweep: bool) -> dict[str, Output]:
        """Every deliverable of the section, by name."""
        section = root.mapping.get("outputs")
        if section is None:
            self.problems.add(START, "a recipe needs outputs, such as {still: {from: $art, formats: [png]}}")
            return {}
        outputs = {}
        for name, entry in self.entries(section, "outputs"):
            place = key_place(section, name)
            self.good_name(name, place, "output")
            if not isinstance(entry.value, dict):
                self.problems.add(entry.position, f"output {name!r} is written like {{from: $art, formats: [png]}}")
                continue
            output = self._output(name, entry, place, timeline, has_sweep=has_sweep)
            if output is not None:
                outputs[name] = output
        return outputs

    def _output(
        self, name: str, entry: Tree, place: Position, timeline: Timeline | None, *, has_sweep: bool
    ) -> Output | None:
        known = ("from", "per", "formats", "quality", *PRINT_KEYS, "at", "grid", "cell", "labels", "name")
        self.unknown_keys(entry, known, f"output {name!r}")
        per = self.choice(entry, "per", get_args(Per), f"per of output {name!r}", default="variant")
        formats = self._formats(entry, name, timeline)
        source = entry.mapping.get("from")
        if source is None or not isinstance(source.value, str) or not source.value.startswith("$"):
            where = source.position if source else place
            self.problems.add(where, f"output {name!r} needs 'from: $pipe', the pipe that it shows")
            return None
        if per == "sweep":
            if not has_sweep:
                self.problems.add(
                    value_place(entry, "per"), f"output {name!r} is per sweep, but the recipe sweeps nothing"
                )
            films = [name for name in formats if name in FILM_FORMATS]
            if films:
                message = f"a contact sheet (per: sweep) is a still: {' and '.join(films)} cannot hold it"
                self.problems.add(value_place(entry, "formats"), message)
        else:
            for key in ("grid", "cell", "labels"):
                if key in entry.mapping:
                    self.problems.add(entry.key_positions[key], f"{key!r} belongs to a contact sheet: set per: sweep")
        labels = entry.mapping.get("labels")
        if labels is not None and not isinstance(labels.value, bool | str):
            message = f"labels is true, false or a text such as '{{intensity:.2f}}', received {labels.plain()!r}"
            self.problems.add(labels.position, message)
        return Output(
            name=name,
            source=Reference(source.value[1:], source.position),
            per=cast(Per, per or "variant"),
            formats=formats,
            quality=self._quality(entry, name, formats),
            target=self.target(entry, name, formats),
            moment=self._moment(entry, timeline),
            grid=self._grid(entry),
            cell=self.pixels(entry, "cell") or 480,
            labels=labels is None or labels.value is not False,
            caption=labels.value if labels is not None and isinstance(labels.value, str) else "",
            file_name=self.text(entry, "name"),
            texts={key: value_place(entry, key) for key in ("labels", "name")},
            position=place,
        )

    def _formats(self, entry: Tree, name: str, timeline: Timeline | None) -> tuple[Format, ...]:
        listed = entry.mapping.get("formats")
        if listed is None:
            return ("png",)
        if not isinstance(listed.value, list) or not listed.value:
            self.problems.add(listed.position, "formats is a list, such as [png] or [mp4, gif]")
            return ("png",)
        formats: list[Format] = []
        for item in listed.items:
            fault = (
                format_fault(item.value, get_args(Format))
                if isinstance(item.value, str)
                else f"a format is a word such as png or mp4, received {as_written(item.plain())}"
            )
            if fault is not None:
                self.problems.add(item.position, fault)
            elif item.value in FILM_FORMATS and timeline is None:
                self.problems.add(
                    item.position, f"output {name!r}: {item.value} is a film, but the recipe has no timeline"
                )
            elif item.value not in formats:
                formats.append(cast(Format, item.value))
        return tuple(formats)

    def _quality(self, entry: Tree, name: str, formats: tuple[Format, ...]) -> int | None:
        if "quality" not in entry.mapping:
            return None
        if not LOSSY_FORMATS.intersection(formats):
            lossy = ", ".join(sorted(LOSSY_FORMATS))
            message = f"output {name!r}: quality belongs to {lossy}, and none of them is among its formats"
            self.problems.add(entry.key_positions["quality"], message)
        return self.whole(entry, "quality", default=0, low=1, high=100) or None

    def _grid(self, entry: Tree) -> Grid:
        grid = entry.mapping.get("grid")
        if grid is None:
            return Grid()
        if not isinstance(grid.value, dict):
            self.problems.add(grid.position, "grid is written like {x: intensity} or {columns: 3}")
            return Grid()
        self.unknown_keys(grid, ("x", "y", "columns"), "grid")
        columns = self.whole(grid, "columns", default=0, low=1, high=100) if "columns" in grid.mapping else None
        if columns and len(grid.mapping) > 1:
            self.problems.add(grid.position, "grid: columns and axes both say how wide the sheet is; leave one out")
        x, y = (str(grid.mapping[axis].plain()) if axis in grid.mapping else None for axis in ("x", "y"))
        return Grid(x, y, columns)

    def _moment(self, entry: Tree, timeline: Timeline | None) -> float:
        at = entry.mapping.get("at")
        if at is None:
            return 0.0
        if timeline is None:
            self.problems.add(at.position, "'at' chooses a moment of the timeline, but the recipe has none")
            return 0.0
        try:
            share = timeline.share(str(at.value))
        except ValueError as error:
            self.problems.add(at.position, str(error))
            return 0.0
        if not 0 <= share <= 1:
            self.problems.add(at.position, f"{at.value} lies outside the timeline ({timeline.extent})")
        return share
