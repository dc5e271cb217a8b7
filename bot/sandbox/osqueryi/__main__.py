"""Where does a simulated host's ``osqueryi`` command begin?"""

from __future__ import annotations

import sys

from bot.sandbox.osqueryi.shell import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
