"""`extends: other.yaml`: a recipe that says only what it does otherwise than another one.

What both say is merged by these rules, the recipe that extends having the last word:

- `params` and `outputs`: name by name, and for one name key by key;
- `timeline`: key by key;
- `steps`: pipe by pipe; a pipe that is written again is a new one as a whole;
- `ops`: both lists, those of the extended recipe first;
- every other section (`title`, `description`, `seed`, `sweep`): as a whole;
- `name: ~` drops a section, param, pipe or output of the extended recipe.

A path is found from the folder of the file that it is written in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from artforge.core.errors import RecipeError, did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.document import MAX_CHARACTERS, parse_document
from artforge.recipes.trust import Trust

MAX_CHAIN = 16
"""Recipes that extend each other, one after the other."""

_KEY = "extends"
_LEVELS = {"params": 2, "outputs": 2, "timeline": 1, "steps": 1}
"""How many levels of keys are merged below a section; all others are taken as a whole."""
_NAMED = frozenset({"params", "outputs", "steps"})
"""Sections whose keys are names, and so can be dropped one by one."""


def read_text(path: Path) -> str:
    """The text of a recipe file.

    Raises:
        RecipeError: there is none, it is far too long, or it is no UTF-8 text; the message starts with its name.
    """
    if not path.is_file():
        raise RecipeError(f"{path}: error: no such recipe file")
    try:
        size = path.stat().st_size
        if size > 4 * MAX_CHARACTERS:  # UTF-8 takes at most four bytes for a character
            raise RecipeError(f"{path}:1:1: error: a recipe of {size:,} bytes: at most {MAX_CHARACTERS:,} are read")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}:1:1: error: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise RecipeError(f"{path}:1:1: error: cannot be read ({error.strerror})") from error


def read_whole(text: str, source: str, problems: Problems, trust: Trust) -> tuple[Tree | None, bool]:
    """A recipe's tree, with everything in it that it takes over from the recipes that it extends.

    Args:
        text: the recipe's own text.
        source: its path, as it was typed.
        problems: where faults are noted; positions in an extended recipe carry its name.
        trust: which files the recipe may name.

    Returns:
        (the tree, or None where there is none, or one that it extends cannot be read; whether it extends another).
    """
    root = parse_document(text, problems)
    if root is None:
        return None, False
    return _Chain(source, problems, trust).whole(root, (Path(source).resolve(),), Path(source).parent)


@dataclass(frozen=True)
class _Chain:
    source: str
    problems: Problems
    trust: Trust

    def whole(self, root: Tree, seen: tuple[Path, ...], folder: Path) -> tuple[Tree | None, bool]:
        named = root.mapping.get(_KEY)
        if named is None:
            return root, False
        path = self._path(named, folder, seen)
        base = self._read(path, named.position) if path is not None else None
        if path is None or base is None:
            return None, True  # what is missing here may stand there: anything more would be a guess
        extended, _ = self.whole(base, (*seen, path.resolve()), path.parent)
        return (None if extended is None else self._merged(extended, _without(root, _KEY))), True

    def _path(self, named: Tree, folder: Path, seen: tuple[Path, ...]) -> Path | None:
        if not isinstance(named.value, str) or not named.value.strip():
            message = (
                f"extends names one recipe file, such as 'extends: tide.yaml', received {as_written(named.plain())}"
            )
            self.problems.add(named.position, message)
            return None
        path = folder / named.value
        fault = self.trust.path_fault(named.value, folder)
        if fault is None and path.resolve() in seen:
            names = [each.name for each in seen[seen.index(path.resolve()) :]]
            fault = f"a circle of recipes that extend each other: {' -> '.join([*names, path.name])}"
        if fault is None and len(seen) >= MAX_CHAIN:
            fault = f"a chain of more than {MAX_CHAIN} recipes that extend each other"
        if fault is None and not path.is_file():
            beside = [each.name for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
            fault = f"there is no recipe {named.value!r} (looked in {path.parent}){did_you_mean(path.name, beside)}"
        if fault is not None:
            self.problems.add(named.position, fault)
            return None
        return path

    def _read(self, path: Path, place: Position) -> Tree | None:
        try:
            text = read_text(path)
        except RecipeError as error:
            self.problems.add(place, str(error).replace(": error: ", ": "))
            return None
        self.problems.add_file(str(path), text)
        base = parse_document(text, self.problems, str(path))
        if base is not None and not isinstance(base.value, dict):
            self.problems.add(base.position, "a recipe is a mapping that starts with 'artforge: 1'")
            return None
        return base

    def _merged(self, base: Tree, own: Tree) -> Tree:
        entries, places = dict(base.mapping), dict(base.key_positions)
        for section, entry in own.mapping.items():
            places[section] = own.key_positions[section]
            known = entries.get(section)
            if entry.value is None:
                self._drop(entries, section, "section", places[section])
            elif section == "ops" and known is not None:
                entries[section] = Tree([*_listed(known), *_listed(entry)], entry.position)
            elif known is not None:
                entries[section] = self._laid_over(known, entry, _LEVELS.get(section, 0), named=section in _NAMED)
            else:
                entries[section] = entry
        return Tree(entries, own.position, places)

    def _laid_over(self, base: Tree, own: Tree, levels: int, *, named: bool = False) -> Tree:
        """`own` over `base`, key by key down to a number of levels."""
        if levels == 0 or not isinstance(base.value, dict) or not isinstance(own.value, dict):
            return own
        entries, places = dict(base.value), {**base.key_positions, **own.key_positions}
        for key, entry in own.value.items():
            if named and entry.value is None:
                self._drop(entries, key, "name", own.key_positions[key])
            else:
                entries[key] = self._laid_over(entries[key], entry, levels - 1) if key in entries else entry
        return Tree(entries, own.position, {key: place for key, place in places.items() if key in entries})

    def _drop(self, entries: dict[str, Tree], key: str, what: str, place: Position) -> None:
        if entries.pop(key, None) is None:
            hint = did_you_mean(key, list(entries))
            self.problems.add(place, f"the extended recipe has no {what} {key!r} that could be dropped{hint}")


def _without(tree: Tree, key: str) -> Tree:
    entries = {name: entry for name, entry in tree.mapping.items() if name != key}
    return replace(tree, value=entries)


def _listed(tree: Tree) -> list[Tree]:
    return tree.items if isinstance(tree.value, list) else [tree]
