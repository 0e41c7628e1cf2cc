"""What a report means for whoever wants to train on the set, and what to do about it; the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from artforge.engine.data.leaks import Leak, NotMeasured
from artforge.engine.data.report import TINY, CopyPair, DataReport, Summary

Gravity = Literal["grave", "warning", "note"]

UNEVEN = 3.0
"""The largest class against the smallest, from which it is worth a word."""
_MANY = 0.1
_MUCH_GIVEN_AWAY = 0.2


@dataclass(frozen=True)
class Finding:
    """One thing to know: how grave it is, what was found, what it means, what to do."""

    gravity: Gravity
    found: str
    means: str
    to_do: str


def find_all(report: DataReport) -> tuple[Finding, ...]:
    """Everything worth a word, the gravest first."""
    found = [*_of_split(report.summary), *_of_copies(report), *_of_leaks(report), *_of_pictures(report)]
    order = ("grave", "warning", "note")
    return tuple(sorted(found, key=lambda one: order.index(one.gravity)))


def _of_split(summary: Summary) -> Iterator[Finding]:
    if summary.no_split:
        yield Finding(
            "grave",
            "no split can be made",
            summary.no_split,
            "Add pictures of other groups to that class, or give smaller groups in manifest.csv.",
        )


def _of_copies(report: DataReport) -> Iterator[Finding]:
    against = [copy for copy in report.copies if copy.across_classes]
    apart = [copy for copy in report.copies if copy.across_parts and not copy.across_classes]
    together = [copy for copy in report.copies if not copy.across_parts and not copy.across_classes]
    if against:
        yield Finding(
            "grave",
            f"{_pairs(against)} with different classes",
            "The same picture is said to be of two classes: at least one of the two labels is wrong.",
            "Look at them (--sheet), and take the wrong one out or into the right folder.",
        )
    if apart:
        split = "the split of the set" if report.summary.own_split else "the split that is drawn with this seed"
        yield Finding(
            "grave",
            f"{_pairs(apart)} on two sides of {split}",
            "What is trained on is met again in validation or test, so the scores come out too good.",
            "Look at them (--sheet); take one of each pair out, or give both the same group in manifest.csv.",
        )
    if not report.near_sought:
        yield Finding(
            "note",
            "near copies were not looked for",
            "These are grey arrays, such as digits, where nearly all are near; only exact repeats are told.",
            "Nothing.",
        )
    if together:
        loose = any(not copy.same_group for copy in together)
        yield Finding(
            "warning",
            f"{_pairs(together)} on one side",
            "They count twice; the figures of validation and test rest on fewer pictures than they seem to."
            + (" Drawn with another seed, the split may part those of different groups." if loose else ""),
            "Take one of each pair out, or give both the same group in manifest.csv.",
        )


def _pairs(copies: list[CopyPair]) -> str:
    """`3 pairs of copies (1 the same file, 2 near copies, 1 mirrored or rotated)`."""
    exact = sum(copy.pair.kind == "exact" for copy in copies)
    turned = sum(copy.pair.turned for copy in copies)
    told = [f"{exact} the same file"] if exact else []
    told += [f"{counted(len(copies) - exact, 'near copy', 'near copies')}"] if exact < len(copies) else []
    told += [f"{turned} mirrored or rotated"] if turned else []
    return f"{counted(len(copies), 'pair')} of copies ({', '.join(told)})"


def counted(number: int, word: str, words: str = "") -> str:
    """`1 pair`, `1,024 pairs`."""
    return f"{number:,} {word if number == 1 else words or f'{word}s'}"


def _of_leaks(report: DataReport) -> Iterator[Finding]:
    if isinstance(report.size_leak, Leak):
        yield _size_finding(report.size_leak)
    if isinstance(report.colour_leak, Leak):
        yield _colour_finding(report.colour_leak)
    for leak in (report.size_leak, report.colour_leak):
        if isinstance(leak, NotMeasured):
            yield Finding(
                "note",
                f"{'size and format' if leak is report.size_leak else 'colour'} could not be put to the test",
                f"Nobody knows whether it gives the class away: {leak.reason}.",
                "Add pictures from other sources.",
            )


def score(leak: Leak) -> str:
    """`balanced accuracy 0.75 ± 0.03, chance 0.50`."""
    return f"balanced accuracy {leak.balanced_accuracy:.2f} ± {leak.spread:.2f}, chance {leak.chance:.2f}"


def _size_finding(leak: Leak) -> Finding:
    if not leak.is_real or leak.strength < _MUCH_GIVEN_AWAY:
        return Finding(
            "note",
            f"size, format and bytes of the files give little away ({score(leak)})",
            "A forest that sees no picture is hardly better than guessing.",
            "Nothing.",
        )
    return Finding(
        "warning",
        f"size, format or bytes of the files give the class away ({score(leak)}; most by {leak.importances[0][0]})",
        "A forest that sees no picture can tell the classes. artforge takes the centre square of every picture and "
        "brings it to one size, so the size itself does not reach the network; traces of compression and of enlarging "
        "may.",
        "Give all classes one history: the same source size, format and quality. Else doubt a network that is hardly "
        "better than this, and look at where it looks (artforge look --check).",
    )


def _colour_finding(leak: Leak) -> Finding:
    if not leak.is_real or leak.strength < _MUCH_GIVEN_AWAY:
        return Finding(
            "note",
            f"plain colour gives little away ({score(leak)})",
            "The classes have much the same colours.",
            "Nothing.",
        )
    return Finding(
        "warning",
        f"plain colour gives the class away ({score(leak)}; most by {leak.importances[0][0]})",
        f"Means and contrasts of colour alone score {leak.balanced_accuracy:.2f}: a network has learned more than that "
        "only where it beats it.",
        "Take this figure as the one to beat; balance the colours of the classes, or train with colours varied.",
    )


def _of_pictures(report: DataReport) -> Iterator[Finding]:
    summary = report.summary
    num = summary.num_pictures
    if summary.skipped:
        yield Finding(
            "warning",
            f"{counted(len(summary.skipped), 'file')} cannot be read",
            "Training leaves them out.",
            "Mend them or take them away; their names and reasons are listed under skipped.",
        )
    for one in summary.left_out:
        yield Finding("warning", one.found, "It is no part of the set: training sees nothing of it.", one.to_do)
    smallest, largest = (choose(summary.class_counts, key=summary.class_counts.__getitem__) for choose in (min, max))
    ratio = summary.class_counts[largest] / summary.class_counts[smallest]
    if ratio >= UNEVEN:
        yield Finding(
            "warning",
            f"{largest!r} has {ratio:.1f} times as many pictures as {smallest!r}",
            f"Accuracy flatters: to say {largest!r} always is right for {summary.class_counts[largest] / num:.0%}.",
            "Judge by balanced accuracy; training weighs the classes.",
        )
    if summary.num_tiny > _MANY * num:
        yield Finding(
            "note",
            f"{summary.num_tiny:,} of {counted(num, 'picture')} smaller than {TINY} pixels",
            "They are mostly enlarged, which a network can see.",
            "Train with a small --image-size, or take them out.",
        )
    if summary.num_alpha:
        yield Finding(
            "note",
            f"{summary.num_alpha:,} of {counted(num, 'picture')} transparent",
            "They are shown over white.",
            "Nothing, unless only one class is.",
        )
    if 0 < report.num_grey < num and report.num_grey > _MANY * num:
        yield Finding(
            "note",
            f"{report.num_grey:,} of {counted(num, 'picture')} without colour",
            "Where they belong to one class, greyness gives it away.",
            "Nothing, unless colour is told above to give the class away.",
        )
