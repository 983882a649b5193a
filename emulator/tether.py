"""Becomes a command, which the system kills once the process that started it is gone: `python -I -S tether.py PARENT COMMAND…`.

Only Linux can do that; elsewhere it is just the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It was gone before that.
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
