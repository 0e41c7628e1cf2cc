"""Films play where they are seen, never where motion is unwanted; the theme is the system's until one is chosen."""

from __future__ import annotations

import pytest
from browser_pages import BOTH, eventually

FILM = "section.recipe .card[data-film]"


def playing(page):
    return page.locator(f"{FILM} video").evaluate_all(
        "films => films.map(film => !film.paused && film.currentTime > 0)"
    )


@BOTH
def test_a_film_on_the_wall_plays_while_it_is_seen(page, base):
    page.goto(f"{base}/index.html")
    page.locator(FILM).scroll_into_view_if_needed()
    assert eventually(lambda: playing(page) == [True])
    film = page.locator(f"{FILM} video")
    assert film.evaluate("film => film.muted && film.loop && film.playsInline")
    assert eventually(lambda: film.evaluate("film => getComputedStyle(film).opacity") == "1")
    page.set_viewport_size({"width": 1440, "height": 200})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert eventually(lambda: film.evaluate("film => film.paused"))


def test_films_are_halted_by_hand_and_stay_so(page, base):
    page.goto(f"{base}/index.html")
    page.locator(FILM).scroll_into_view_if_needed()
    assert eventually(lambda: playing(page) == [True])
    page.get_by_role("button", name="Pause films").click()
    assert playing(page) == [False]
    page.reload()
    page.get_by_role("button", name="Play films").click()
    page.locator(FILM).scroll_into_view_if_needed()
    assert eventually(lambda: playing(page) == [True])


def test_no_film_moves_by_itself_where_motion_is_unwanted(open_page, base):
    page = open_page(reduced_motion="reduce")
    page.goto(f"{base}/index.html")
    page.locator(FILM).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert playing(page) == []
    assert page.get_by_role("button", name="Pause films").count() == 0
    page.locator(f"{FILM} a").click()
    page.wait_for_url("**/works/*.html")
    page.wait_for_timeout(300)
    assert page.locator("video").evaluate("film => film.paused && film.currentTime === 0")


def test_a_films_page_plays_it_until_it_is_halted(page, base):
    page.goto(f"{base}/index.html")
    page.locator(f"{FILM} a").click()
    page.wait_for_url("**/works/*.html")
    film = page.locator("video")
    assert eventually(lambda: film.evaluate("film => !film.paused && film.currentTime > 0"))
    film.evaluate("film => film.pause()")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(100)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    assert film.evaluate("film => film.paused")


def ground(page):
    return page.locator("html").evaluate("root => getComputedStyle(root).backgroundColor")


@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_light_and_dark_follow_the_system(open_page, site, script):
    page = open_page(java_script_enabled=script)
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto((site / "index.html").as_uri())
        grounds.append([int(part) for part in ground(page)[4:-1].split(",")])
    assert min(grounds[0]) > 200
    assert max(grounds[1]) < 60


@BOTH
def test_a_chosen_theme_stays_until_it_is_the_systems_again(page, base):
    page.goto(f"{base}/index.html")
    light = ground(page)
    page.get_by_role("button", name="Dark").click()
    dark = ground(page)
    assert dark != light
    page.locator("section.recipe .card a").first.click()
    page.wait_for_url("**/works/*.html")
    assert ground(page) == dark
    page.keyboard.press("d")
    assert ground(page) == light
    assert page.evaluate("localStorage.getItem('artforge-theme')") is None
