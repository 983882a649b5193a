"""What is said on the command line, made into what is meant; each raises ArgumentTypeError with a sentence."""

import argparse
import re
from pathlib import Path

# 65535 less the sandbox's 9500.
MAX_OFFSET = 56035


def offset(text: str) -> int:
    """So that the highest port, the sandbox's, exists."""
    if not text.isdecimal() or int(text) > MAX_OFFSET:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MAX_OFFSET}")
    return int(text)


def folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def new_file(text: str) -> Path:
    if not Path(text).absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder for {text}")
    return Path(text)


def kept(text: str) -> Path:
    """A folder that exists or can be made."""
    path = Path(text).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text} cannot hold the data: {error.strerror}") from None
    return path


def uid(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,128}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a uid of 1 to 128 letters, digits, hyphens and underscores")
    return text


def platform_and_account(text: str) -> tuple[str, str]:
    platform, colon, account = text.partition(":")
    if not (platform and colon and account):
        raise argparse.ArgumentTypeError(f"{text!r} is not PLATFORM:ACCOUNT, such as x:my_account")
    return platform, account


def rewrite(text: str) -> tuple[str, str]:
    prefix, _, target = text.partition("=")
    if not all(re.fullmatch(r"https?://[^\s,=]+", address) for address in (prefix, target)):
        raise argparse.ArgumentTypeError(f"{text!r} is not PREFIX=URL, such as https://cdn.example.org/=http://127.0.0.1:8000/")
    return prefix, target
