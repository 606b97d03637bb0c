"""``python -m deepaas.cli`` is ``deepaas-cli``."""

import sys

from deepaas.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
