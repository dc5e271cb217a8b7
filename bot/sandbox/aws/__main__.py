"""Where does the process of the embedded AWS begin?"""

from __future__ import annotations

import sys

from bot.sandbox.aws.process import main

if __name__ == "__main__":
    sys.exit(main())
