"""`python -m pipeline.cli` is `dub`."""

import sys

from pipeline.cli import main

sys.exit(main())
