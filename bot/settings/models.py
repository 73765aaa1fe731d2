"""Which models answer and embed."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class ModelSettings(BaseModel):
    model: str | None = Field(
        default=None, description="Chat model that chooses units; unset: the built-in selector chooses them"
    )
    model_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint of the model")
    model_api_key: SecretStr | None = Field(default=None, description="API key of the model's endpoint")
    model_abstains: bool = Field(
        default=False,
        description="Believe the model when it chooses nothing, where `footnote eval run` shows that it does so "
        "rightly; else the built-in selector decides then",
    )
    checker_model: str | None = Field(
        default=None, description="Model that gives a second opinion on each sentence that the model words"
    )
    checker_base_url: str | None = Field(
        default=None, description="OpenAI-compatible endpoint of the second opinion; unset: the model's"
    )
    checker_api_key: SecretStr | None = Field(
        default=None, description="API key of the second opinion's endpoint; unset: the model's"
    )
    model_timeout_s: int = Field(
        default=20, ge=1, le=300, description="Seconds until the built-in selection stands in for the model"
    )
    embedding_model: str | None = Field(default=None, description="Embedding model; unset: the built-in MiniLM")
    embedding_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint for embeddings")
    embedding_api_key: SecretStr | None = Field(default=None, description="API key of the embeddings endpoint")
    embedding_batch: int = Field(
        default=128, ge=1, le=2048, description="Texts in one request to the embeddings endpoint"
    )
    embedding_dimensions: int = Field(default=1536, ge=8, le=8192, description="Size of the endpoint's vectors")
