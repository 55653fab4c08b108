"""Plugins: where they are found, in which order they are asked, and what happens when one is wrong."""

import logging
import sys
from textwrap import dedent
from types import ModuleType

import click
import pytest
from flask import Blueprint

from nugetlite import ANONYMOUS, Actor, Config, ConfigError, Deletion, Refused, Sight, hookimpl, hookspecs
from nugetlite.builtin.storage_memory import MemoryStorage
from nugetlite.errors import PluginFailed
from nugetlite.plugins import HOOKS, load

ANSWERING = """
    from nugetlite import Actor, hookimpl

    @hookimpl
    def nugetlite_identify():
        return Actor({!r})
"""


@pytest.fixture
def write(tmp_path):
    """Write a Python file, and answer its path."""

    def write(path, source):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(source), "utf-8")
        return str(file)

    return write


@pytest.fixture
def install(write, monkeypatch, tmp_path):
    """Install a package that offers one plugin, as pip would."""

    def install(name, source):
        module = f"installed_{name}"
        write(f"site/{module}.py", source)
        write(
            f"site/{module}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n"
        )
        write(f"site/{module}-1.0.dist-info/entry_points.txt", f"[nugetlite]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(tmp_path / "site")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def plugin(**hooks):
    """A plugin object with these functions."""
    module = ModuleType(hooks.pop("name", "site"))
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


def who(plugins):
    """Everybody who would identify a request, in the order asked."""
    return [actor.name for actor in plugins.gather("nugetlite_identify", Actor, request=None, config=None)]


def refused(*arguments):
    """The one line with which a start is refused."""
    with pytest.raises(ConfigError) as error:
        load(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


class TestWhoIsAskedFirst:
    def test_the_nearer_to_the_site_the_earlier(self, write, install):
        install("shop", ANSWERING.format("installed"))
        write("folder/b.py", ANSWERING.format("folder b"))
        write("folder/a.py", ANSWERING.format("folder a"))
        named = write("named.py", ANSWERING.format("named"))
        config = Config(plugins_dir=named.replace("named.py", "folder"), plugins=(named,))
        builtin, given = (
            plugin(nugetlite_identify=lambda name=name: Actor(name)) for name in ("builtin", "given")
        )

        found = load(config, [builtin], [given])

        assert who(found) == ["given", "named", "folder b", "folder a", "installed", "builtin"]
        assert found.first("nugetlite_identify", Actor, request=None, config=config) == Actor("given")

    def test_one_may_ask_to_come_last_or_first(self):
        class Late:
            @hookimpl(trylast=True)
            def nugetlite_identify(self):
                return Actor("late")

        class Early:
            @hookimpl(tryfirst=True)
            def nugetlite_identify(self):
                return Actor("early")

        usual = plugin(nugetlite_identify=lambda: Actor("usual"))

        assert who(load(Config(), [Early()], [usual, Late()])) == ["early", "usual", "late"]

    def test_who_has_no_answer_leaves_it_to_the_next(self):
        silent = plugin(nugetlite_identify=lambda: None)
        found = load(Config(), [plugin(nugetlite_identify=lambda: ANONYMOUS)], [silent])

        assert found.first("nugetlite_identify", Actor, request=None, config=None) is ANONYMOUS

    def test_nobody_answers(self):
        found = load(Config(), [])

        assert found.first("nugetlite_identify", Actor, request=None, config=None) is None
        assert found.gather("nugetlite_authorize", bool) == []

    def test_after_an_answer_nobody_else_is_asked(self):
        asked = []
        late = plugin(nugetlite_identify=lambda: asked.append("late"))
        found = load(Config(), [late], [plugin(nugetlite_identify=lambda: ANONYMOUS)])

        found.first("nugetlite_identify", Actor, request=None, config=None)

        assert asked == []

    def test_an_operator_can_see_it(self, write):
        path = write("named.py", ANSWERING.format("named"))
        builtin = plugin(name="nugetlite.builtin.access", nugetlite_identify=lambda: None)

        found = {each.hook: each for each in load(Config(plugins=(path,)), [builtin]).answerers()}

        assert list(found) == list(HOOKS)
        assert found["nugetlite_identify"].plugins == ("named.py", "access")
        assert found["nugetlite_identify"].summary == "Say who sends this request."
        assert found["nugetlite_validate"].plugins == ()


class TestFinding:
    def test_by_the_name_of_a_module(self, write, monkeypatch, tmp_path):
        write("site_rules.py", ANSWERING.format("module"))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "site_rules", raising=False)

        assert who(load(Config(plugins=("site_rules",)), [])) == ["module"]

    def test_by_the_name_of_an_entry_point_it_is_still_one_plugin(self, install):
        install("market", ANSWERING.format("installed"))

        assert who(load(Config(plugins=("market",)), [])) == ["installed"]

    def test_a_file_that_is_named_twice_is_one_plugin(self, write, tmp_path):
        path = write("rules.py", ANSWERING.format("file"))
        odd = path.replace("rules.py", "../" + tmp_path.name + "/rules.py")

        assert who(load(Config(plugins_dir=str(tmp_path), plugins=(path, odd)), [])) == ["file"]

    def test_two_files_of_one_name_are_two_plugins(self, write):
        paths = (
            write("one/rules.py", ANSWERING.format("one")),
            write("two/rules.py", ANSWERING.format("two")),
        )

        found = load(Config(plugins=paths), [])

        assert who(found) == ["two", "one"]
        assert [each.plugins for each in found.answerers() if each.hook == "nugetlite_identify"] == [
            ("rules.py (2)", "rules.py")
        ]

    def test_two_servers_have_a_plugin_each(self, write):
        path = write("counter.py", ANSWERING.format("file") + "\n    count = []\n")

        one, two = load(Config(plugins=(path,)), []), load(Config(plugins=(path,)), [])

        assert who(one) == who(two) == ["file"]

    def test_what_is_hidden_in_the_folder_or_no_python_is_left_alone(self, write, tmp_path):
        write(".#rules.py", "not python")
        write("notes.txt", "not python")
        (tmp_path / "folder.py").mkdir()

        assert who(load(Config(plugins_dir=str(tmp_path)), [])) == []

    @pytest.mark.parametrize(
        ("settings", "line"),
        [
            ({"plugins": ("nowhere.py",)}, "plugins: there is no file nowhere.py"),
            (
                {"plugins": ("nowhere",)},
                "plugins: there is no nowhere; expected an installed plugin, a module or a .py file",
            ),
            (
                {"plugins": ("nowhere.inside",)},
                "plugins: there is no nowhere.inside; expected an installed plugin, a module or a .py file",
            ),
            ({"plugins_dir": "nowhere"}, "plugins_dir: there is no folder nowhere"),
        ],
    )
    def test_one_that_is_not_there_stops_the_start(self, settings, line):
        assert refused(Config(**settings), []) == line

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            ("raise RuntimeError('no\\nluck')", "RuntimeError: no luck"),
            ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
            ("def broken(:", "SyntaxError: invalid syntax"),
            ("import sys; sys.exit('enough')", "SystemExit: enough"),
        ],
    )
    def test_one_that_raises_when_it_is_loaded_stops_the_start(
        self, write, install, monkeypatch, tmp_path, source, why
    ):
        path = write("folder/broken.py", source)
        monkeypatch.syspath_prepend(tmp_path / "folder")
        monkeypatch.delitem(sys.modules, "broken", raising=False)
        folder = str(tmp_path / "folder")

        assert refused(Config(plugins=(path,)), []).startswith(f"plugins: {path} cannot be loaded: {why}")
        assert refused(Config(plugins=("broken",)), []).startswith(f"plugins: broken cannot be loaded: {why}")
        assert refused(Config(plugins_dir=folder), []).startswith(
            f"plugins_dir: broken.py cannot be loaded: {why}"
        )
        install("bad", source)
        assert refused(Config(), []).startswith(f"installed plugin bad cannot be loaded: {why}")

    def test_one_may_say_itself_what_is_wrong(self, write):
        source = "from nugetlite import ConfigError\nraise ConfigError('plugin.webhook.url: expected a URL')"

        assert (
            refused(Config(plugins=(write("hook.py", source),)), []) == "plugin.webhook.url: expected a URL"
        )


class TestAHookThatWouldNeverBeAsked:
    def test_a_misspelt_one_stops_the_start(self):
        site = plugin(nugetlite_after_psh=lambda package: None)

        assert refused(Config(), [], [site]) == (
            "plugin site: there is no hook nugetlite_after_psh; did you mean nugetlite_after_push?"
        )

    def test_a_forgotten_mark_stops_the_start(self):
        site = ModuleType("site")
        site.nugetlite_after_push = lambda package: None

        assert (
            refused(Config(), [], [site]) == "plugin site: nugetlite_after_push is not marked with @hookimpl"
        )

    def test_a_fact_that_there_is_not_stops_the_start(self):
        site = plugin(nugetlite_after_push=lambda package, user: None)

        assert refused(Config(), [], [site]) == (
            "plugin site: nugetlite_after_push wants user; it can have package, actor, replaced, config"
        )

    def test_a_wrapper_stops_the_start(self):
        class Site:
            @hookimpl(wrapper=True)
            def nugetlite_after_push(self):
                return (yield)

        assert "plugin Site: nugetlite_after_push is a wrapper" in refused(Config(), [], [Site()])

    def test_one_for_a_later_nugetlite_is_passed_over_if_it_says_so(self):
        class Site:
            @hookimpl(optionalhook=True)
            def nugetlite_after_everything(self):
                """Not yet."""

        assert load(Config(), [], [Site()])


class TestWhatAPluginIsGiven:
    def test_what_it_names_and_no_more(self):
        heard = []
        some = plugin(nugetlite_after_push=lambda actor: heard.append(actor))
        none = plugin(nugetlite_after_push=lambda: heard.append("nothing"))
        more = plugin(nugetlite_after_push=lambda *, config, later="not yet": heard.append((config, later)))
        rest = plugin(nugetlite_after_push=lambda package, **rest: heard.append((package, sorted(rest))))

        load(Config(), [rest, more, none, some]).announce(
            "nugetlite_after_push", package="p", actor="a", replaced=False, config="c"
        )

        assert heard == ["a", "nothing", ("c", "not yet"), ("p", ["actor", "config", "replaced"])]

    def test_a_default_does_not_keep_it_from_being_told(self):
        heard = []
        site = plugin(nugetlite_after_push=lambda package, replaced=None: heard.append(replaced))

        load(Config(), [site]).announce(
            "nugetlite_after_push", package="p", actor="a", replaced=True, config="c"
        )

        assert heard == [True]


FACTS = {hook: dict.fromkeys(facts) for hook, facts in HOOKS.items()}

# How each question is asked: (hook, method, what an answer has to be, something that is not that)
QUESTIONS = [
    ("nugetlite_open_storage", "first", MemoryStorage, "a storage"),
    ("nugetlite_delete_policy", "first_function", Deletion, "unlist"),
    ("nugetlite_blueprints", "gather", Blueprint, "a blueprint"),
    ("nugetlite_commands", "gather", click.Command, lambda: None),
    ("nugetlite_identify", "first", Actor, "administrator"),
    ("nugetlite_authorize", "gather", bool, "yes"),
    ("nugetlite_sight", "gather", Sight, "Contoso.*"),
    ("nugetlite_validate", "gather_each", str, "one sentence"),
    ("nugetlite_validate", "gather_each", str, [1]),
    ("nugetlite_validate", "gather_each", str, 7),
    ("nugetlite_portal_links", "gather_each", tuple, ["no pair"]),
]
NEWS = ["nugetlite_after_push", "nugetlite_after_delete", "nugetlite_after_relist"]


def fail(*_):
    raise KeyError("plugin's own business")


def leave():
    sys.exit("enough")


def fail_later():
    yield "one"
    fail()


class TestAPluginThatFails:
    def test_every_hook_is_tried(self):
        assert {*NEWS, *(hook for hook, *_ in QUESTIONS)} == {*HOOKS}

    @pytest.mark.parametrize(("hook", "ask", "kind", "_"), QUESTIONS)
    def test_a_question_that_it_cannot_answer(self, caplog, hook, ask, kind, _):
        found = load(Config(), [plugin(name="good", **{hook: lambda: None})], [plugin(**{hook: fail})])

        self.check(caplog, hook, lambda: getattr(found, ask)(hook, kind, **FACTS[hook]), "KeyError")

    @pytest.mark.parametrize(("hook", "ask", "kind", "wrong"), QUESTIONS)
    def test_an_answer_that_nobody_can_use(self, caplog, hook, ask, kind, wrong):
        found = load(Config(), [], [plugin(**{hook: lambda: wrong})])

        self.check(caplog, hook, lambda: getattr(found, ask)(hook, kind, **FACTS[hook]), "expected")

    @pytest.mark.parametrize("hook", ["nugetlite_validate", "nugetlite_portal_links"])
    def test_an_answer_that_breaks_off(self, caplog, hook):
        found = load(Config(), [], [plugin(**{hook: fail_later})])

        self.check(caplog, hook, lambda: found.gather_each(hook, str, **FACTS[hook]), "KeyError")

    @pytest.mark.parametrize("policy", [fail, lambda request: "unlist", lambda: Deletion.HARD])
    def test_a_policy_that_fails_when_it_is_asked(self, caplog, policy):
        found = load(Config(), [], [plugin(nugetlite_delete_policy=lambda: policy)])
        decide = found.first_function("nugetlite_delete_policy", Deletion, name="", config=None)

        with pytest.raises(PluginFailed, match="The plugin site failed"):
            decide("a request")
        assert "plugin site" in caplog.text

    def test_a_policy_that_works_decides(self):
        found = load(Config(), [], [plugin(nugetlite_delete_policy=lambda: lambda request: Deletion.SOFT)])

        decide = found.first_function("nugetlite_delete_policy", Deletion, name="", config=None)

        assert decide("a request") is Deletion.SOFT

    def test_one_that_wants_to_end_the_process(self, caplog):
        found = load(Config(), [], [plugin(nugetlite_identify=leave)])

        self.check(caplog, "nugetlite_identify", lambda: who(found), "SystemExit")

    @pytest.mark.parametrize(("hook", "ask", "kind", "_"), QUESTIONS)
    def test_what_it_refuses_on_purpose_is_its_own_word(self, hook, ask, kind, _):
        def refuse():
            raise Refused("Vendor.* packages come from the mirror")

        found = load(Config(), [], [plugin(**{hook: refuse})])

        with pytest.raises(Refused, match="come from the mirror"):
            getattr(found, ask)(hook, kind, **FACTS[hook])

    def test_what_is_wrong_with_its_settings_stops_the_start_or_the_request(self):
        def wants_settings():
            raise ConfigError("plugin.site.url: expected a URL")

        hooks = {"nugetlite_open_storage": wants_settings, "nugetlite_identify": wants_settings}
        found = load(Config(), [], [plugin(**hooks)])

        with pytest.raises(ConfigError, match=r"plugin\.site\.url: expected a URL"):
            found.first("nugetlite_open_storage", MemoryStorage, url="", config=None)
        with pytest.raises(PluginFailed):
            who(found)

    def check(self, caplog, hook, ask, why):
        """It is named: in the line that stops the start, or in the answer, and then the log has the rest."""
        if hook in hookspecs.AT_START:
            with pytest.raises(ConfigError, match=rf"plugin site .*{hook}.*{why}"):
                ask()
        else:
            with pytest.raises(PluginFailed, match="The plugin site failed") as error:
                ask()
            assert error.value.status == 503
            assert "own business" not in str(error.value)
            assert "plugin site" in caplog.text
            assert why in caplog.text

    @pytest.mark.parametrize("hook", NEWS)
    @pytest.mark.parametrize("wrong", [fail, leave])
    def test_news_goes_on_to_the_others(self, caplog, hook, wrong):
        heard = []
        found = load(
            Config(),
            [plugin(name="last", **{hook: lambda package: heard.append("last")})],
            [
                plugin(name="broken", **{hook: wrong}),
                plugin(name="first", **{hook: lambda package: heard.append("first")}),
            ],
        )

        found.announce(hook, **FACTS[hook])

        assert heard == ["first", "last"]
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert f"plugin broken failed to hear {hook}" in caplog.text
