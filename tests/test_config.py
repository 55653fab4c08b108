"""Every setting, from every place it can come from, and every way to get one wrong."""

import pytest

from nugetlite import Config, ConfigError
from nugetlite.config import load, settings

# setting: (its default, text for the environment, a line of TOML that says the same, what it comes to)
SETTINGS = {
    "packages": ("./packages", "/srv/feed", '"/srv/feed"', "/srv/feed"),
    "database": (
        "",
        "postgresql+psycopg://db/nuget",
        '"postgresql+psycopg://db/nuget"',
        "postgresql+psycopg://db/nuget",
    ),
    "api_key": ("", " API-CORRECT", '"API-CORRECT"', "API-CORRECT"),
    "delete_policy": (
        {"*": "unlist"},
        "*=unlist, Contoso.Ci.*=hard",
        '{ "*" = "unlist", "Contoso.Ci.*" = "hard" }',
        {"*": "unlist", "Contoso.Ci.*": "hard"},
    ),
    "delete_guard": ("warn", "Refuse ", '"refuse"', "refuse"),
    "overwrite": ("never", "Prerelease", '"prerelease"', "prerelease"),
    "base_url": (
        "",
        "https://nuget.example.com/feed/",
        '"https://nuget.example.com/feed"',
        "https://nuget.example.com/feed",
    ),
    "trusted_proxies": (0, "2", "2", 2),
    "anonymous_read": (True, "false", "false", False),
    "read_only": (False, "yes", "true", True),
    "max_package_size": (2 * 1024**3, "250MB", '"250MB"', 250 * 1024**2),
    "scan_interval": (30.0, "2.5", "2.5", 2.5),
    "plugins": ((), "a.py, site_rules", '["a.py", "site_rules"]', ("a.py", "site_rules")),
    "plugins_dir": ("", "/etc/nugetlite/plugins", '"/etc/nugetlite/plugins"', "/etc/nugetlite/plugins"),
}


@pytest.fixture
def write(tmp_path):
    """Write the ``nugetlite.toml`` of the folder in which the server starts."""
    return lambda text: (tmp_path / "nugetlite.toml").write_text(text, "utf-8")


@pytest.fixture
def start(tmp_path):
    """Read the settings as a server does that starts in that folder."""
    return lambda command_line=None, **environment: load(environment, command_line, tmp_path)


def refused(start, **environment):
    """The one line with which a start is refused."""
    with pytest.raises(ConfigError) as error:
        start(**environment)
    assert "\n" not in str(error.value)
    return str(error.value)


class TestWhereASettingComesFrom:
    def test_there_is_a_story_for_every_setting(self):
        assert [each.name for each in settings()] == list(SETTINGS)

    @pytest.mark.parametrize("name", SETTINGS)
    def test_nobody_says_anything(self, start, name):
        config = start()

        assert getattr(config, name) == SETTINGS[name][0]
        assert (name, "default") in [(each, source) for each, _, source in config.shown()]

    @pytest.mark.parametrize("name", SETTINGS)
    def test_the_file_says_it(self, start, write, name):
        write(f"{name} = {SETTINGS[name][2]}")
        config = start()

        assert getattr(config, name) == SETTINGS[name][3]
        assert (name, "nugetlite.toml") in [(each, source) for each, _, source in config.shown()]

    @pytest.mark.parametrize("name", SETTINGS)
    def test_the_environment_says_it(self, start, name):
        config = start(**{f"NUGETLITE_{name.upper()}": SETTINGS[name][1]})

        assert getattr(config, name) == SETTINGS[name][3]
        assert (name, "environment") in [(each, source) for each, _, source in config.shown()]

    @pytest.mark.parametrize("name", SETTINGS)
    def test_the_command_line_says_it(self, start, name):
        config = start({name: SETTINGS[name][1]})

        assert getattr(config, name) == SETTINGS[name][3]
        assert (name, "command line") in [(each, source) for each, _, source in config.shown()]

    def test_the_later_wins(self, start, write):
        write('packages = "file"\noverwrite = "always"\nbase_url = "http://file"')

        config = start(
            {"packages": "command line", "overwrite": None},
            NUGETLITE_PACKAGES="environment",
            NUGETLITE_OVERWRITE="prerelease",
        )

        assert config.packages == "command line"
        assert config.overwrite == "prerelease"
        assert config.base_url == "http://file"

    def test_a_file_of_another_name(self, start, write, tmp_path):
        write('packages = "here"')
        (tmp_path / "there.toml").write_text('packages = "there"', "utf-8")

        config = start(NUGETLITE_CONFIG="there.toml")

        assert config.packages == "there"
        assert config.sources == {"packages": "there.toml"}

    def test_a_file_as_windows_editors_write_it(self, start, write):
        write("\ufeffread_only = true\r\n")

        assert start().read_only

    def test_an_empty_name_names_no_file(self, start):
        assert start(NUGETLITE_CONFIG="").packages == "./packages"

    def test_variables_of_others_are_not_ours(self, start):
        assert start(PATH="/bin", NUGET_PACKAGES="elsewhere", nugetlite_packages="no").sources == {}


@pytest.mark.parametrize(
    ("size", "bytes"),
    [
        ("1", 1),
        ("500", 500),
        ("1k", 1024),
        ("250MB", 250 * 1024**2),
        ("2 GiB", 2 * 1024**3),
        ("1.5g", 3 * 1024**3 // 2),
        ("1TB", 1024**4),
    ],
)
def test_a_size_is_written_as_people_write_it(start, size, bytes):
    assert start(NUGETLITE_MAX_PACKAGE_SIZE=size).max_package_size == bytes


@pytest.mark.parametrize("name", ["hard", " soft ", "keep-releases"])
def test_one_policy_is_the_policy_for_all(start, write, name):
    write(f'delete_policy = "{name}"')

    assert start().delete_policy == {"*": name.strip()}
    assert start(NUGETLITE_DELETE_POLICY=name).delete_policy == {"*": name.strip()}


NONSENSE = [
    ("packages", ["", "  ", "a\nb"], ["1", '""', '"a\\u0000b"'], "a folder or a storage URL|text"),
    ("database", ["sqlite://\n"], ["5", "[]"], "text"),
    ("api_key", ["one\ntwo"], ["12345", "true"], "text"),
    (
        "delete_policy",
        [
            "",
            "=",
            "hard,soft",
            "hard,soft=",
            "*=hard,*=soft",
            "Contoso.?=hard",
            "A.*=hard,a.*=soft",
            "*=",
            ",",
        ],
        ["1", "{}", '{ "*" = 1 }', '["hard"]', '{ "" = "hard" }'],
        "a policy's name, or a table",
    ),
    ("delete_guard", ["", "never"], ["true", '"no"'], "warn, refuse or off"),
    ("overwrite", ["", "sometimes"], ["true", '"no"'], "never, prerelease or always"),
    (
        "base_url",
        [
            "nuget.example.com",
            "ftp://nuget.example.com",
            "http://",
            "http://[",
            "https://host:port",
            "https://host?x=1",
            "https://host/#top",
            "https://ho st/",
            "https://user@host/",
            "http://host\n",
        ],
        ["1", '"/feed"'],
        "an absolute http or https URL|text",
    ),
    (
        "trusted_proxies",
        ["", "-1", "one", "1.5", "²"],
        ["-1", "true", "1.5", "99999999999"],
        "a whole number",
    ),
    ("anonymous_read", ["", "maybe", "2"], ["1", '"perhaps"'], "true or false"),
    ("read_only", ["", "off!"], ["0", "[]"], "true or false"),
    (
        "max_package_size",
        ["", "0", "-1", "big", "1PB", "0.1", "1e9", "9" * 400 + "GB"],
        ["0", "-5", "1.5", "true"],
        "a number of bytes, or a size",
    ),
    (
        "scan_interval",
        ["", "-1", "soon", "nan", "inf"],
        ["-0.5", "nan", "inf", "true"],
        "a number of seconds",
    ),
    ("plugins", [], ["1", "[1]", "{}"], "a list of names"),
    ("plugins_dir", ["a\0b"], ["1", "[]"], "text"),
]


class TestWhatCannotBeUnderstood:
    def test_there_is_nonsense_for_every_setting(self):
        assert [name for name, *_ in NONSENSE] == list(SETTINGS)

    @pytest.mark.parametrize(
        ("name", "text", "what"), [(name, text, what) for name, texts, _, what in NONSENSE for text in texts]
    )
    def test_in_the_environment_or_on_the_command_line(self, start, name, text, what):
        variable = f"NUGETLITE_{name.upper()}"

        line = refused(start, **{variable: text})
        assert line.startswith(f"{variable}: ")
        assert any(f"expected {each}" in line for each in what.split("|"))

        line = refused(start, command_line={name: text})
        assert line.startswith(f"{name} on the command line: ")

    @pytest.mark.parametrize(
        ("name", "value", "what"),
        [(name, value, what) for name, _, values, what in NONSENSE for value in values],
    )
    def test_in_the_file(self, start, write, name, value, what):
        write(f"{name} = {value}")

        line = refused(start)
        assert line.startswith(f"{name} in nugetlite.toml: ")
        assert any(f"expected {each}" in line for each in what.split("|"))

    def test_even_where_something_later_would_win(self, start, write):
        write('overwrite = "sometimes"')

        assert "overwrite in nugetlite.toml" in refused(start, NUGETLITE_OVERWRITE="never")

    def test_a_setting_that_there_is_not(self, start, write):
        assert refused(start, NUGETLITE_PAKAGES="x").startswith(
            "NUGETLITE_PAKAGES is not a setting; expected"
        )
        assert "expected one of packages, database, api_key" in refused(start, command_line={"pakages": "x"})
        for key in ("pakages", '"two\\nlines"', "[tables]"):
            write(f"{key} = 1" if "[" not in key else key)
            assert " in nugetlite.toml is not a setting; expected one of packages," in refused(start)

    @pytest.mark.parametrize(
        "text", ["packages = ", "[", "= 1", "a = 1\na = 2", "n = " + "9" * 5000, "x = " + "[" * 5000]
    )
    def test_a_file_that_is_not_toml(self, start, write, text):
        write(text)

        assert "nugetlite.toml is not TOML" in refused(start)

    def test_a_file_that_is_not_text(self, start, tmp_path):
        (tmp_path / "nugetlite.toml").write_bytes(b'packages = "caf\xe9"')

        assert "nugetlite.toml is not TOML" in refused(start)

    def test_a_file_that_is_not_there(self, start):
        line = refused(start, NUGETLITE_CONFIG="nowhere.toml")

        assert line.startswith("NUGETLITE_CONFIG: ")
        assert "nowhere.toml is not there; expected a TOML file" in line

    def test_a_folder_is_no_file(self, start, tmp_path):
        (tmp_path / "nugetlite.toml").mkdir()

        assert "cannot be read" in refused(start)

    @pytest.mark.parametrize(
        "text", ["plugin = 1", "[[plugin]]", "plugin.webhook = 1", "[plugin]\nurl = 'x'"]
    )
    def test_settings_of_plugins_that_are_no_table(self, start, write, text):
        write(text)

        assert refused(start) == "plugin in nugetlite.toml: expected tables such as [plugin.webhook]"


class TestSecrets:
    ENVIRONMENT = {  # noqa: RUF012 -- nobody writes to it
        "NUGETLITE_API_KEY": "hush-key",
        "NUGETLITE_DATABASE": "postgresql+psycopg://nuget:hush-p@ss/w?rd@db.example.com/nuget?sslpassword=hush-too&x=",
        "NUGETLITE_PACKAGES": "s3://AKIA:hush-s3@bucket/prefix?token=hush-token",
        "NUGETLITE_PLUGIN_WEBHOOK_URL": "https://chat.example.com/hush-hook",
    }

    @pytest.fixture
    def config(self, start, write):
        write('[plugin.mirror]\npassword = "hush-mirror"')
        return start(**self.ENVIRONMENT)

    def test_they_are_not_shown(self, config):
        shown = {name: value for name, value, _ in config.shown()}

        assert "hush" not in str(shown)
        assert "hush" not in repr(config)
        assert shown["api_key"] == "***"
        assert shown["packages"] == "s3://AKIA:***@bucket/prefix?token=***"
        assert shown["database"].startswith("postgresql+psycopg://nuget:***@db.example.com/nuget?")

    def test_settings_of_plugins_may_be_secrets(self, config):
        assert config.shown()[-2:] == [
            ("plugin.mirror.password", "***", "nugetlite.toml"),
            ("NUGETLITE_PLUGIN_WEBHOOK_URL", "***", "environment"),
        ]

    def test_an_absent_one_is_shown_as_absent(self, start):
        assert ("api_key", "", "default") in start().shown()

    @pytest.mark.parametrize("name", ["api_key", "database", "packages", "base_url"])
    def test_they_are_not_told_when_they_are_wrong(self, start, write, name):
        wrong = "https://me:hush@example.com/\n"
        assert "hush" not in refused(start, **{f"NUGETLITE_{name.upper()}": wrong})
        write(f'{name} = {{ "password" = "hush" }}')
        assert "hush" not in refused(start)

    def test_the_cause_does_not_tell_them_either(self, start):
        with pytest.raises(ConfigError) as error:
            start(NUGETLITE_API_KEY="hush\n")
        assert error.value.__suppress_context__
        assert "hush" not in str(error.value.__context__)

    def test_the_others_are_shown_as_they_would_be_written(self, start):
        config = start(
            NUGETLITE_DELETE_POLICY="*=unlist,Contoso.Ci.*=hard",
            NUGETLITE_PLUGINS="a.py,b",
            NUGETLITE_READ_ONLY="1",
        )
        shown = {name: value for name, value, _ in config.shown()}

        assert shown["delete_policy"] == "*=unlist,Contoso.Ci.*=hard"
        assert shown["plugins"] == "a.py,b"
        assert shown["read_only"] == "true"
        again = start(**{f"NUGETLITE_{name.upper()}": value for name, value in shown.items() if value})
        assert again.delete_policy == config.delete_policy
        assert again.plugins == config.plugins


class TestSettingsOfPlugins:
    def test_come_from_their_table(self, start, write):
        write('[plugin.webhook]\nurl = "https://chat.example.com"\ntries = 3')

        assert start().for_plugin("webhook") == {"url": "https://chat.example.com", "tries": 3}
        assert start().for_plugin("other") == {}

    def test_come_from_the_environment_which_wins(self, start, write):
        write('[plugin.web-hook]\nurl = "https://file.example.com"\ntries = 3')

        config = start(NUGETLITE_PLUGIN_WEB_HOOK_URL="https://chat.example.com")

        assert config.for_plugin("web-hook") == {"url": "https://chat.example.com", "tries": 3}

    def test_can_be_read_as_ours_are(self, start, write):
        write(
            '[plugin.rules]\nallowed = ["Contoso.*", " Fabrikam "]\nurl = " https://chat.example.com "\ntries = 3'
        )
        rules = start(NUGETLITE_PLUGIN_RULES_WANTED="license, readme,").for_plugin("rules")

        assert rules.names("allowed") == ("Contoso.*", "Fabrikam")
        assert rules.names("wanted") == ("license", "readme")
        assert rules.text("url") == "https://chat.example.com"
        assert (rules.names("nothing"), rules.text("nothing")) == ((), "")
        for read, expected in ((rules.names, "a list of names"), (rules.text, "text, in one line")):
            with pytest.raises(
                ConfigError, match=rf"^plugin\.rules\.tries: its value .* expected {expected}"
            ):
                read("tries")

    def test_of_a_plugin_do_not_reach_another(self, start):
        config = start(NUGETLITE_PLUGIN_WEBHOOK_URL="https://chat.example.com")

        assert config.for_plugin("web") == {}
        assert config.for_plugin("") == {}

    def test_can_be_given_in_a_test(self):
        config = Config(plugin_settings={"webhook": {"url": "https://chat.example.com"}})

        assert config.for_plugin("webhook") == {"url": "https://chat.example.com"}


def test_what_the_master_process_tells_its_workers_is_no_setting(start):
    config = start(NUGETLITE_EXPECTED_SHARE="4711")

    assert config.expected_share == "4711"
    assert "4711" not in str(config.shown())
