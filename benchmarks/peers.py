"""Make the environments of all peers, so that no test has to wait for one.

``python -m benchmarks.peers``
"""

from benchmarks import cog023, deepaas26


def main() -> None:
    """Make those that are missing."""
    deepaas26.command()
    cog023.command()


if __name__ == "__main__":
    main()
