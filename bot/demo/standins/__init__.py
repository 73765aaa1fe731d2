"""Local stand-ins of chat platforms: they check and record what the bot sends."""
