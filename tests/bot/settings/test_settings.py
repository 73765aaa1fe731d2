"""Settings: the environment over the file, unknown keys refused, secrets never printed."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.answering.channels import NO_RULE, ChannelRule, Hours, Unmentioned
from bot.errors import SettingsError
from bot.settings.values import Settings, load
from bot.types import Expert
from bot.wiring.app import configuration_sha256, experts
from bot.wiring.channel_rules import channel_rules, styled
from retrieval.people import AccessList, Principal


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FOOTNOTE_HOME", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_need_no_file() -> None:
    settings = load()
    assert settings.home == Path(".footnote")
    assert settings.weaviate_url is None


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "footnote.toml").write_text('home = "from-file"\nport = 4000\n')
    monkeypatch.setenv("FOOTNOTE_HOME", "from-environment")
    assert (load().home, load().port) == (Path("from-environment"), 4000)
    assert load(Path("from-option")).home == Path("from-option")


def test_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text(
        '[groups]\nlegal = ["ada@example.com"]\n'
        '[[sources]]\nname = "docs"\npath = "docs"\n[[sources.access]]\npath = "legal/**"\nallow = ["group:legal"]\n'
        '[[channels]]\nid = "C1"\ngrant = ["everyone"]\n'
        '[[experts]]\nname = "the travel desk"\nslack = "S0TRAVEL"\nteams = "t@example.com"\nwords = ["hotel"]\n'
    )
    settings = load()
    assert settings.groups == {"legal": ("ada@example.com",)}
    assert settings.sources[0].access[0].allow == ("group:legal",)
    assert settings.channels[0].grant == ("everyone",)
    assert experts(settings).find("Which hotels?", "slack", "C1") == Expert(
        "the travel desk", {"slack": "S0TRAVEL", "teams": "t@example.com"}
    )
    assert experts(settings).find("Which trains?", "slack", "C1") is None


CHANNEL = """
[[sources]]
name = "docs"
path = "docs"
[style]
tone = "Dry."
language = "French"
disclaimer = "Ask Legal."
[[channels]]
id = "C1"
sources = ["docs"]
without_mention = "always"
limit = 5
[channels.hours]
zone = "Europe/Paris"
days = ["sat", "sun"]
opens = "09:30"
closes = "24:00"
[channels.style]
language = "German"
"""


def test_a_channels_rule_is_read(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text(CHANNEL)
    settings = load()
    hours = Hours(ZoneInfo("Europe/Paris"), frozenset({5, 6}), time(9, 30), time(0))
    sources = frozenset({"docs"})
    assert channel_rules(settings) == {"C1": ChannelRule(sources=sources, hours=hours, limit=5, style="C1")}
    assert settings.unmentioned == {"C1": Unmentioned.ALWAYS}


def test_a_channels_style_is_the_house_style_with_what_differs(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text(CHANNEL)
    (there,) = styled(load()).values()
    assert (there.style.tone, there.style.language, there.style.disclaimer) == ("Dry.", "German", "Ask Legal.")


def test_a_rule_says_nothing_of_what_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text('[[channels]]\nid = "C1"\n')
    settings = load()
    assert channel_rules(settings) == {"C1": NO_RULE}
    assert settings.unmentioned == {}
    assert styled(settings) == {}


@pytest.mark.parametrize(
    ("follow_up", "rule", "listens"),
    [("true", "never", True), ("false", "never", False), ("false", "threads", True), ("false", "always", True)],
)
def test_channels_are_heard_where_some_rule_needs_it(tmp_path: Path, follow_up: str, rule: str, listens: bool) -> None:
    channel = f'[[channels]]\nid = "C1"\nwithout_mention = "{rule}"\n'
    (tmp_path / "footnote.toml").write_text(f"follow_up_without_mention = {follow_up}\n{channel}")
    assert load().listens is listens


HOURS = '[[channels]]\nid = "C1"\n[channels.hours]\nzone = "UTC"\n'


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("prot = 1", "prot: is not a setting"),
        ("port = 99999", "port: "),
        ("port = [", "cannot be read"),
        ('[[sources]]\nname = "a"\npath = "b"\nurll = "c"', "sources.0.urll: is not a setting"),
        ('[[sources]]\nname = "a"\npath = "b"\nkind = "gopher"', "sources.0.kind"),
        ('[[sources]]\nname = "a"\npath = "b"\nallow = ["legal"]', "'legal' is no reader"),
        ('[[channels]]\nid = "C1"\ngrant = ["grp:legal"]', "'grp:legal' is no reader"),
        ('[[channels]]\nid = "C1"\nsources = ["dosc"]', "C1 names the source 'dosc'; there are: none"),
        ('[[channels]]\nid = "C1"\nsources = []', "channels.0.sources"),
        ('[[channels]]\nid = "C1"\n[[channels]]\nid = "C1"', "there are two rules for C1"),
        ('[[channels]]\nid = "C1"\nwithout_mention = "sometimes"', "channels.0.without_mention"),
        ('[[channels]]\nid = "C1"\nlimit = -1', "channels.0.limit"),
        ('[[channels]]\nid = "C1"\nhour = 3', "channels.0.hour: is not a setting"),
        ('[[channels]]\nid = "direct"\ngrant = ["everyone"]', "there is nothing to grant"),
        ('[[channels]]\nid = "direct"\nwithout_mention = "always"', "direct chats need no mention"),
        (HOURS.replace("UTC", "Paris"), "'Paris' is no time zone"),
        (HOURS.replace("UTC", "../etc/passwd"), "is no time zone"),
        (HOURS + 'opens = "9:00"', "channels.0.hours.opens"),
        (HOURS + 'closes = "24:30"', "channels.0.hours.closes"),
        (HOURS + 'opens = "09:00"\ncloses = "09:00"', "from 09:00 to 09:00 is no time at all"),
        (HOURS + "days = []", "channels.0.hours.days"),
        (HOURS + 'days = ["monday"]', "channels.0.hours.days"),
        ('[[channels]]\nid = "C1"\n[channels.style]\nlanguages = "German"', "channels.0.style.languages"),
        ('[[experts]]\nname = "<!channel>"', "experts.0.name"),
        ('[[experts]]\nname = "x"\nslack = "!here"', "experts.0.slack"),
        ("suggested_questions = ['a', 'b', 'c', 'd', 'e']", "suggested_questions"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "footnote.toml").write_text(toml)
    with pytest.raises(SettingsError, match=said):
        load()


def test_e_mails_of_readers_are_compared_without_case(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text('[[sources]]\nname = "a"\npath = "b"\nallow = ["user:Ada@Example.com"]\n')
    (source,) = load().sources
    person = Principal("slack", "T1", "U1", "ADA@example.com")
    assert AccessList(frozenset(source.allow or ())).permits(person.entries)


def test_an_unknown_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_HOEM", "x")
    with pytest.raises(SettingsError, match="FOOTNOTE_HOEM"):
        load()


def test_a_settings_file_that_is_named_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_SETTINGS", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml does not exist"):
        load()


def test_secrets_are_in_no_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    settings = load()
    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == "xoxb-secret"
    assert "xoxb-secret" not in f"{settings!r}{settings.model_dump_json()}"
    assert len(configuration_sha256(settings)) == 64


def test_an_error_does_not_print_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_WEAVIATE_GRPC_PORT", "sekrit")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "sekrit" not in str(caught.value)


def test_suggested_questions_are_offered_as_they_stand(tmp_path: Path) -> None:
    assert load().prompts is None
    (tmp_path / "footnote.toml").write_text('suggested_questions = ["What may a hotel cost?"]\n')
    assert load().prompts == (("What may a hotel cost?", "What may a hotel cost?"),)


SECRETS = sorted(Settings.secrets().items())


def test_the_secrets_are_known() -> None:
    assert {name for name, _ in SECRETS} >= {
        *("slack_bot_token", "slack_app_token", "slack_signing_secret", "teams_app_password"),
        *("model_api_key", "embedding_api_key", "weaviate_api_key", "database_url"),
    }


@pytest.mark.parametrize(("name", "variable"), SECRETS)
def test_every_secret_may_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    (tmp_path / "secret").write_text("sekrit-12345\n")
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    settings = load()
    assert settings.secret(name) == "sekrit-12345"
    assert "sekrit" not in f"{settings!r}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfesekrit", "is no UTF-8 text"),
        (b"sekrit" * 20_000, "is too large"),
    ],
    ids=["missing", "empty", "blank", "bytes", "huge"],
)
def test_a_secret_file_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match=said) as caught:
        load()
    assert "SLACK_BOT_TOKEN_FILE" in str(caught.value)
    assert "sekrit" not in str(caught.value)


def test_a_secret_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-file")
    monkeypatch.setenv("FOOTNOTE_MODEL_API_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("FOOTNOTE_MODEL_API_KEY", "from-environment")
    with pytest.raises(SettingsError, match="both set"):
        load()


@pytest.mark.parametrize("name", ["FOOTNOTE_PORT_FILE", "FOOTNOTE_HOME_FILE"])
def test_what_is_no_secret_has_no_file(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=name):
        load()


RULE = '[[sources.access]]\npath = "**"\nallow = ["everyone"]\ndeny = ["group:{}"]\n'
DENIED = '[[sources]]\nname = "docs"\npath = "docs"\n' + RULE
TEMPS = '[groups]\ntemps = ["eve@example.com"]\n'
SLACK = '[[directories]]\nkind = "slack"\n'
HTTP = '[[directories]]\nkind = "http"\nurl = "https://directory.example.com/"\n'


@pytest.mark.parametrize(
    ("group", "more", "known"),
    [
        ("temps", TEMPS, True),
        ("temp", TEMPS, False),
        ("temps", "", False),
        ("slack:temps", TEMPS, False),
        ("slack:temps", SLACK, True),  # whether Slack has it, doctor and sync ask
        ("graph:temps", SLACK, False),
        ("temps", HTTP, False),
        ("temps", HTTP + 'prefix = ""\n', True),
    ],
)
def test_a_denied_group_that_no_directory_could_know_stops_the_start(
    tmp_path: Path, group: str, more: str, known: bool
) -> None:
    (tmp_path / "footnote.toml").write_text(DENIED.format(group) + more)
    if known:
        assert load().groups_of_nobody == []
        return
    with pytest.raises(SettingsError, match=f'rule "\\*\\*", names the group "{group}".*so it stops nobody'):
        load()


def test_the_like_name_is_offered_and_an_allowed_group_is_only_named(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text(DENIED.format("tmeps") + TEMPS)
    with pytest.raises(SettingsError, match='did you mean "temps"'):
        load()
    (tmp_path / "footnote.toml").write_text('[[channels]]\nid = "C1"\ngrant = ["group:temps", "everyone"]\n')
    assert [(n.group, n.where, n.denies) for n in load().groups_of_nobody] == [("temps", "channels: C1", False)]


def test_a_mistyped_variable_is_told_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_QUESTION_LIMITS", "5")
    with pytest.raises(SettingsError, match=r"FOOTNOTE_QUESTION_LIMITS \(did you mean FOOTNOTE_QUESTION_LIMIT\?\)"):
        load()


@pytest.mark.parametrize("name", ["MODEL_BASE_URL", "EMBEDDING_BASE_URL", "WEAVIATE_URL", "TEAMS_GRAPH_URL"])
@pytest.mark.parametrize("url", ["https://ada:hunter2@a.example/v1", "hunter2.example/v1", "file:///hunter2"])
def test_an_address_with_a_password_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(f"FOOTNOTE_{name}", url)
    with pytest.raises(SettingsError, match=name.lower()) as caught:
        load()
    assert "hunter2" not in str(caught.value)


def test_an_address_that_is_left_empty_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_TEAMS_GRAPH_URL", "")
    assert load().teams_graph_url == ""
    monkeypatch.setenv("FOOTNOTE_TEAMS_GRAPH_URL", "https://who:secret@graph.example/v1.0")
    with pytest.raises(SettingsError, match="without a name") as caught:
        load()
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [
        '[[sources]]\nname = "a"\npath = "."\nurl = "{}"\n',
        '[[sources]]\nname = "a"\nkind = "s3"\noptions = {{ bucket = "b" }}\nurl = "{}"\n',
        '[[sources]]\nname = "a"\nkind = "s3"\noptions = {{ bucket = "b", endpoint = "{}" }}\n',
    ],
)
def test_an_address_of_a_source_with_a_password_is_refused_and_not_shown(tmp_path: Path, table: str) -> None:
    (tmp_path / "footnote.toml").write_text(table.format("https://ada:hunter2@a.example/x"))
    with pytest.raises(SettingsError, match="without a name, password") as caught:
        load()
    assert "hunter2" not in str(caught.value)
