"""The `footnote` command."""


def main() -> None:
    """Run the command line."""
