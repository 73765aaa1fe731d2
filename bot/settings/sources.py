"""Where documents come from and how they are read. A kind's own fields are in its module (`connectors.registry`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, SerializeAsAny

from connectors.kinds import SourceSettings
from connectors.registry import read_table

AnySource = Annotated[SerializeAsAny[SourceSettings], BeforeValidator(read_table)]


class DocumentSettings(BaseModel):
    sources: tuple[AnySource, ...] = Field(default=(), description="Where documents come from")
    sync_every_s: int = Field(
        default=300, ge=0, le=86_400, description="`footnote serve` syncs all sources this often, in seconds; 0: never"
    )
    ocr: bool = Field(default=False, description="Read scanned pages with Tesseract, about a second a page")
    ocr_language: str = Field(
        default="eng",
        pattern=r"^[A-Za-z_]{2,40}(\+[A-Za-z_]{2,40}){0,7}$",
        description='Tesseract\'s name of their language; several as "eng+deu"',
    )
    keep_struck_text: bool = Field(
        default=False, description="Keep struck-out text, marked `[struck out: ...]`; else it is left out and reported"
    )
