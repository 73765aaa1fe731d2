"""The house style as models and the gate get it: the settings, and the answer form from its file."""

from __future__ import annotations

from bot.errors import SettingsError
from bot.settings.files import settings_file
from bot.settings.values import Settings
from retrieval.answer_form import AnswerForm, read_form
from retrieval.errors import FormInvalid
from retrieval.generate.prompt import HouseStyle


def house_style(settings: Settings) -> HouseStyle:
    """Raises SettingsError when the answer form cannot be read, or says what is not understood."""
    style = settings.style
    return HouseStyle(
        tone=style.tone,
        audience=style.audience,
        claims=style.statements,
        words=style.words,
        language=style.language,
        disclaimer=style.disclaimer,
        form=answer_form(settings),
        compressed=style.wording == "compressed",
        translate=style.translate,
    )


def answer_form(settings: Settings) -> AnswerForm | None:
    """The organisation's answer form; None where the settings name none. Raises SettingsError."""
    if settings.style.answer_schema is None:
        return None
    file = settings_file().parent / settings.style.answer_schema
    try:
        return read_form(file.read_text("utf-8-sig"))
    except FormInvalid as error:
        raise SettingsError(f"The answer form {file}{error}. docs/answers.md lists what is understood.") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"The answer form {file} (style.answer_schema) cannot be read: {error}.") from error
