"""How options are written: every spelling means the same, and a configuration file means its lines."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.client.errors import BadOption
from nugetlite.client.options import Names, overwrite_mode, plain, seconds
from nugetlite.client.remote import OverwriteMode

NAMES = Names(
    valued={"server", "package", "timeout", "overwrite-mode", "configfile"},
    flags={"debug", "replace-existing"},
    synonyms={"replace-existing": "overwrite-mode=OverwriteExisting"},
)
VALUED = ("server", "package", "timeout", "overwrite-mode")

values = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda text: text == text.strip() and text)
options = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(VALUED), values),
        st.tuples(st.sampled_from(["debug", "replace-existing"]), st.none()),
    ),
    max_size=6,
)
cases = st.sampled_from([str.lower, str.upper, str.title])


def spelled(name, value, form):
    """One option in one of the forms; those of flags have no slash."""
    if value is None:
        return [f"{'-' * (1 + form % 2)}{name}"]
    match form % 5:
        case 0 | 1 | 2 as which:
            return [f"{('--', '-', '/')[which]}{name}={value}"]
        case which:
            return [f"{'-' * (which - 2)}{name}", value]


@given(st.lists(st.tuples(options, st.integers(0, 4), cases), max_size=3))
def test_every_spelling_means_the_same(told):
    written = [
        word
        for options, form, case in told
        for name, value in options
        for word in spelled(case(name), value, form)
    ]
    expected = [
        word
        for options, _, _ in told
        for name, value in options
        for word in spelled(name, value, 0 if value else 1)
    ]

    assert plain(written, NAMES) == plain(expected, NAMES)


@given(options, options, options)
@settings(deadline=None)  # the disk may be busy
def test_a_configuration_file_means_its_lines_where_it_stands(tmp_path_factory, before, inside, after):
    def line(options):
        return [word for name, value in options for word in spelled(name, value, 0 if value else 1)]

    file = tmp_path_factory.mktemp("config") / "push.cfg"
    lines = [f" {name} = {value}" if value else name for name, value in inside]
    file.write_text("\n".join(["# what we always say", "", *lines, ""]), "utf-8")

    with_file = plain([*line(before), f"--configFile={file}", *line(after)], NAMES)

    assert with_file == plain([*line(before), *line(inside), *line(after)], NAMES)


@given(st.lists(st.text(max_size=12), max_size=5))
def test_whatever_is_typed_is_read_or_refused_in_a_sentence(words):
    try:
        told, refused = plain(words, NAMES), ""
    except BadOption as error:
        told, refused = [], str(error)

    assert len(refused.splitlines()) <= 1
    assert plain(told, NAMES) == told  # it is in plain form already


@pytest.mark.parametrize("path", ["/srv/a.nupkg", "/debug", "/server", "/srv/x=1.nupkg", "a=b.nupkg", "-"])
def test_a_path_is_no_option(path):
    assert plain([path], NAMES) == [path]


def test_behind_two_dashes_everything_is_a_file():
    assert plain(["--debug", "--", "--debug", "/server=x"], NAMES) == [
        "--debug",
        "--",
        "--debug",
        "/server=x",
    ]


@pytest.mark.parametrize("blank", [["--server="], ["--server", ""], ["/server= "], ["-server="]])
def test_a_blank_value_counts_as_absent(blank):
    assert plain(["--debug", *blank], NAMES) == ["--debug"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("sevrer = http://feed", 'Line 1 of {file}: there is no option "sevrer"'),
        ("\n# fine\nserver", "Line 3 of {file}: server needs a value"),
        ("debug = true", "--debug takes no value"),
        ("configFile = other", "named in another configuration file"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_line(tmp_path, content, why):
    file = tmp_path / "push.cfg"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(BadOption) as refused:
        plain([f"--configFile={file}"], NAMES)

    assert why.format(file=file) in str(refused.value)


def test_a_file_may_begin_with_a_mark_and_end_lines_as_windows_does(tmp_path):
    file = tmp_path / "push.cfg"
    file.write_bytes("server = http://a?b=c\r\ndebug\r\n".encode("utf-8-sig"))

    assert plain(["--configFile", str(file)], NAMES) == ["--server=http://a?b=c", "--debug"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("600", 600), ("0.5", 0.5), ("00:10:00", 600), ("1:30", 5400), ("1.00:00:01", 86401)],
)
def test_time_limits(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "1e3", "00:99:00", "nan", "99999999", "١٠"])
def test_what_is_no_time_limit(text):
    with pytest.raises(BadOption, match="time limit"):
        seconds(text)


@given(st.integers(1, 29), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_longer_times_are_more_seconds(days, hours, minutes, rest):
    written = [f"{days}.{hours:02}:{minutes:02}:{rest:02}", f"{hours + 24 * days}:{minutes:02}:{rest:02}"]
    told = {seconds(text) for text in written} | {
        seconds(str(((days * 24 + hours) * 60 + minutes) * 60 + rest))
    }

    assert len(told) == 1


@pytest.mark.parametrize("mode", OverwriteMode)
def test_a_mode_is_read_in_any_case(mode):
    assert {overwrite_mode(text) for text in (mode, mode.upper(), f" {mode.lower()} ")} == {mode}


def test_what_is_no_mode_is_told_which_there_are():
    with pytest.raises(BadOption, match="FailIfExists, OverwriteExisting, IgnoreIfExists"):
        overwrite_mode("Overwrite")


def test_the_later_of_two_ways_to_say_a_mode_wins():
    told = plain(["--replace-existing", "--overwrite-mode=FailIfExists", "-Replace-Existing"], NAMES)

    assert told[-1] == "--overwrite-mode=OverwriteExisting"
    assert all(one != other for one, other in pairwise(told))
