"""Whether anything moves a picture at all is decided before its film is drawn."""

from __future__ import annotations

from artforge.engine.ascent.run import Run


def awakened(run: Run) -> Run:
    """A run whose filter does not respond to the start, helped until it does or nothing moves it.

    Args:
        run: before its first step. One that responds stays there; of a large print the first step has to tell.

    Returns:
        the same run; its results say whether it is dead.
    """
    run.find_dead()
    if run.slopes.is_tiled:
        run.take_step(None)
    while run.dead.any() and run.active.any() and run.step < run.ascent.num_steps:
        run.take_step(None)
    return run
