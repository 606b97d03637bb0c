"""Make the environments of all peers, so that no test has to wait for one.

``python -m benchmarks.peers``
"""

import sys

from benchmarks import cog023, deepaas26, deepinv_client, kserve_client, triton_client


def main() -> None:
    """Make those that are missing."""
    deepaas26.command()
    cog023.command()
    triton_client.python()
    kserve_client.python()
    deepinv_client.python()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted")
