"""Where everything of the local stack listens: fixed ports, moved together by one offset so that stacks run side by side."""

from dataclasses import dataclass

from functions.targets import TARGETS

PROJECT_ID = "demo-soku"
BUCKET = f"{PROJECT_ID}.appspot.com"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    offset: int = 0

    @property
    def api(self) -> int:
        return 5001 + self.offset

    def function(self, target: str) -> int:
        """The API's port is documented; the others follow it in the order of functions/targets.py."""
        return self.api + [known.name for known in TARGETS].index(target)

    @property
    def auth(self) -> int:
        return 9099 + self.offset

    @property
    def auth_hub(self) -> int:
        return 4400 + self.offset

    @property
    def auth_logging(self) -> int:
        return 4500 + self.offset

    @property
    def firestore(self) -> int:
        return 8080 + self.offset

    @property
    def tasks(self) -> int:
        return 9499 + self.offset

    @property
    def storage(self) -> int:
        return 9199 + self.offset

    @property
    def sandbox(self) -> int:
        return 9500 + self.offset

    @property
    def by_name(self) -> dict[str, int]:
        """Every port of a stack, by what listens there."""
        return {
            "Firestore": self.firestore,
            "Auth": self.auth,
            "Auth's hub": self.auth_hub,
            "Auth's logging": self.auth_logging,
            "Storage": self.storage,
            "Cloud Tasks": self.tasks,
            "the sandbox platforms": self.sandbox,
            **{f"the function {target.name}": self.function(target.name) for target in TARGETS},
        }


def url(port: int) -> str:
    return f"http://{HOST}:{port}"
