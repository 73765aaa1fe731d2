"""Where the search index is, and what embeds for it."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class IndexSettings(BaseModel):
    weaviate_url: str | None = Field(default=None, description="Weaviate's HTTP address; unset: the embedded index")
    weaviate_grpc_port: int = Field(default=50051, ge=1, le=65535, description="Weaviate's gRPC port")
    weaviate_api_key: SecretStr | None = Field(default=None, description="Weaviate's API key")
    weaviate_collection: str = Field(
        default="Footnote", pattern="^[A-Z][A-Za-z0-9]{0,60}$", description="Prefix of the collections' names"
    )
