"""Who is signed in to the web app? Firebase's own library checks the ID token, and that it was not revoked."""

from functools import cached_property

import firebase_admin
from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError

from shared.core.errors import ServiceUnavailable, Unauthorized

_UNCHECKED = "Sign-in could not be checked. Send the request again."


class FirebaseAuth:
    def __init__(self, project_id: str) -> None:
        self._project_id = project_id

    @cached_property
    def _app(self) -> firebase_admin.App:
        return firebase_admin.initialize_app(options={"projectId": self._project_id}, name="soku")

    def verify(self, id_token: str) -> str:
        """The user's uid. Raises Unauthorized, or ServiceUnavailable when Firebase cannot be asked."""
        try:
            return auth.verify_id_token(id_token, self._app, check_revoked=True)["uid"]
        except auth.CertificateFetchError as error:
            raise ServiceUnavailable(_UNCHECKED) from error
        except (
            auth.InvalidIdTokenError,
            auth.UserDisabledError,
            auth.UserNotFoundError,
            ValueError,
        ) as error:
            raise Unauthorized("Missing or invalid Firebase ID token") from error
        except FirebaseError as error:
            raise ServiceUnavailable(_UNCHECKED) from error
