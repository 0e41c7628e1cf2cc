import pytest

from artforge.core.errors import UsageError
from artforge.gallery.settings import names_work, unknown_names
from artforge.gallery.settings_file import checked_url, parse_settings, read_settings

WHOLE = """\
title: Night works
statement: |
  First.

  Second.
creator: Jane
rights: © 2026 Jane
licence: CC BY 4.0
language: de-CH
base_url: https://example.org/art
ingredients: false
order: [tide, 12e456]
hidden: [0123456789ab]
titles: {12e456: "One"}
captions:
  12e456: Two
alt: {12e456: Three}
theme: {ground: "#FFFFFF", accent: teal, dark: {ground: black}}
"""


def test_every_key_is_read():
    said = parse_settings(WHOLE)
    assert (said.title, said.statement, said.creator) == ("Night works", "First.\n\nSecond.", "Jane")
    assert (said.rights, said.licence, said.language) == ("© 2026 Jane", "CC BY 4.0", "de-CH")
    assert (said.base_url, said.ingredients) == ("https://example.org/art/", False)
    assert [mention.text for mention in said.order] == ["tide", "12e456"]
    assert [mention.place for mention in said.hidden] == ["gallery.yaml:13:10"]
    assert (said.titles, said.captions, said.alt) == ({"12e456": "One"}, {"12e456": "Two"}, {"12e456": "Three"})
    assert said.light == {"ground": "#ffffff", "accent": "#008080"}
    assert said.dark == {"ground": "#000000"}


def test_an_empty_file_says_nothing():
    assert parse_settings("").title == ""
    assert parse_settings("# nothing yet\ntitle:\norder:\ntheme:\n").title == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel: x", "gallery.yaml:1:1: error: key 'titel' is not one of: title,"),
        ("titel: x", "did you mean 'title'?"),
        ("title: a\ntitle: b", "gallery.yaml:2:1: error: 'title' stands here twice (first on line 1)"),
        ("title: [a]", "gallery.yaml:1:8: error: must be text"),
        ("order: tide", "gallery.yaml:1:8: error: must be a list of recipes and works"),
        ("theme: {grund: '#ffffff'}", "did you mean 'ground'?"),
        ("theme: {ink: '#fffff'}", "received '#fffff'"),
        ("theme: {ink: '#fff; } body { display: none'}", "a colour is written as"),
        ("theme: {ink: whit}", "did you mean 'white'?"),
        (
            "theme:\n  ink: #ffffff",
            'gallery.yaml:2:8: error: # begins a comment: write the colour in quotes, "#ffffff"',
        ),
        ("theme: {ink: }", "gallery.yaml:1:9: error: a colour is missing"),
        ("hidden: [&a tide]", "gallery.yaml:1:10: error: anchors and aliases (&name, *name) are not part of"),
        ("ingredients: perhaps", "must be true or false"),
        ("language: <script>", "a language is a tag"),
        ("base_url: javascript:alert(1)", "a base URL is the site's whole address"),
        ("captions: [a]", "'captions' must be a mapping"),
        ("title: a: b", "not YAML"),
        ("- a", "the settings must be a mapping"),
        ("title: 'a", "not YAML"),
        ("#" * 2_000_001, "a gallery's settings of 2,000,001 characters: at most 2,000,000 are read"),
    ],
)
def test_a_fault_is_told_with_its_line(text, told):
    with pytest.raises(UsageError) as raised:
        parse_settings(text)
    assert told in str(raised.value)


def test_all_faults_come_at_once_each_under_its_line():
    with pytest.raises(UsageError) as raised:
        parse_settings("titel: x\nlanguage: en\nlicense: y\n")
    assert str(raised.value).split("\n")[1:3] == ["     1 | titel: x", "       | ^^^^^"]
    assert "gallery.yaml:3:1: error: key 'license'" in str(raised.value)
    assert "did you mean 'licence'?" in str(raised.value)


def test_far_too_many_faults_are_refused_as_faults_of_the_settings():
    with pytest.raises(UsageError, match="200 faults; more are sought once these are mended"):
        parse_settings("\n".join(f"x{index}: 1" for index in range(300)))


@pytest.mark.parametrize(
    ("name", "work", "means"),
    [
        ("0123456789ab", "0123456789ab", True),
        ("012345", "0123456789ab", True),
        ("01234", "0123456789ab", False),
        ("012346", "0123456789ab", False),
        ("0123456789abcdef", "0123456789ab", True),
        ("tide", "0123456789ab", False),
    ],
)
def test_six_digits_name_a_work(name, work, means):
    assert names_work(name, work) == means


def test_a_name_that_means_nothing_is_a_warning_with_its_place():
    said = parse_settings("order: [tidy, tide]\nhidden: [0123456789]\nalt: {ffffff: x}")
    assert unknown_names(said, ["0123456789ab"], ["tide"]) == [
        "gallery.yaml:1:9: no recipe or work 'tidy' here - did you mean 'tide'?",
        "gallery.yaml:3:15: no work 'ffffff' here",
    ]


@pytest.mark.parametrize("url", ["http://localhost:8000", "https://example.org/a/b/"])
def test_an_address_ends_with_one_slash(url):
    assert checked_url(url) == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://x.org", "https://", "https://x.org/?q", 'https://x.org/"', "http://["]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="whole address"):
        checked_url(url)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.yaml: cannot be read"):
        read_settings(tmp_path / "nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_settings(tmp_path / "latin.yaml")


@pytest.mark.parametrize("text", ["theme: {ground: [1]}", "theme:\n  ground: #ffffff\n"])
def test_one_fault_is_told_once(text):
    with pytest.raises(UsageError) as told:
        parse_settings(text)
    assert str(told.value).count("error:") == 1
