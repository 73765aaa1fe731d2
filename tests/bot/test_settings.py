"""Settings: the environment over the file, unknown keys refused, secrets never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import configuration_sha256
from bot.errors import SettingsError
from bot.settings import load


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
    )
    settings = load()
    assert settings.groups == {"legal": ("ada@example.com",)}
    assert settings.sources[0].access[0].allow == ("group:legal",)
    assert settings.channels[0].grant == ("everyone",)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("prot = 1", "prot: is not a setting"),
        ("port = 99999", "port: "),
        ("port = [", "cannot be read"),
        ('[[sources]]\nname = "a"\npath = "b"\nurll = "c"', "sources.0.urll: is not a setting"),
        ('[[sources]]\nname = "a"\npath = "b"\nkind = "gopher"', "sources.0.kind"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "footnote.toml").write_text(toml)
    with pytest.raises(SettingsError, match=said):
        load()


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


def test_postgresql_is_refused_rather_than_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_DATABASE_URL", "postgresql://x")
    with pytest.raises(SettingsError, match="not supported yet"):
        load()
