"""Copies of files in a Cloud Storage bucket, streamed both ways. STORAGE_EMULATOR_HOST, if set, leads to the emulator."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from requests.exceptions import RequestException

from shared.core.settings import MediaStorage
from shared.gcp.connections import keep_connections
from shared.media.storage import ObjectMissing, StorageUnavailable

# A resumable upload's part: a multiple of 256 KiB, held in memory once per upload.
PART_BYTES = 4 << 20
CHECK_TIMEOUT_SECONDS, SESSION_TIMEOUT_SECONDS = 2, 10
# The client's own, of uploads and downloads in parts, have nothing in common with the others.
_FAILURES = (exceptions.GoogleAPIError, GoogleAuthError, RequestException, InvalidResponse, DataCorruption)


class CloudStorage:
    """Objects become readable by everyone who knows their unguessable name, as platforms that pull need; nobody may list them.

    `bucket` in place of the settings' own: nobody but we reads that of direct uploads.
    """

    def __init__(self, settings: MediaStorage, bucket: str | None = None) -> None:
        self._settings = settings
        self._bucket_name = bucket or settings.bucket

    @cached_property
    def _bucket(self) -> storage.Bucket:
        credentials = AnonymousCredentials() if self._settings.storage_emulator else None
        client = storage.Client(project=self._settings.project_id, credentials=credentials)
        keep_connections(client._http)  # pyright: ignore[reportPrivateUsage]
        return client.bucket(self._bucket_name)

    def write(self, path: str, content_type: str, chunks: Iterator[bytes], *, keep_until: datetime | None) -> None:
        blob = self._bucket.blob(path, chunk_size=PART_BYTES)
        # Names are never used twice, so whatever is fetched may be kept for ever.
        blob.cache_control = "public, max-age=31536000, immutable"
        # What storage.lifecycle.json counts from.
        blob.custom_time = keep_until
        try:
            # Leaving the block by an exception cancels the upload; by a kill, it is never finalized and lapses after a week.
            with blob.open("wb", content_type=content_type, ignore_flush=True) as writer:
                for chunk in chunks:
                    writer.write(chunk)  # pyright: ignore[reportArgumentType]  (annotated for text mode)
        except _FAILURES as error:
            raise StorageUnavailable(str(error)) from error

    def keep(self, path: str, until: datetime) -> None:
        blob = self._bucket.blob(path)
        try:
            blob.reload()
            # Cloud Storage refuses an earlier time: another post that shares the object needs it for longer.
            if blob.custom_time is None or blob.custom_time < until:
                blob.custom_time = until
                blob.patch()
        except exceptions.NotFound as error:
            raise ObjectMissing(str(error)) from error
        except _FAILURES as error:
            raise StorageUnavailable(str(error)) from error

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        end = None if length is None else start + length - 1
        try:
            return self._bucket.blob(path).download_as_bytes(start=start or None, end=end, raw_download=True)
        except exceptions.NotFound as error:
            raise ObjectMissing(str(error)) from error
        except exceptions.RequestRangeNotSatisfiable:
            # Behind the object's end.
            return b""
        except _FAILURES as error:
            raise StorageUnavailable(str(error)) from error

    def open_session(self, path: str, content_type: str, size_bytes: int, origin: str | None) -> str:
        """As shared.media.direct.OpenSession."""
        blob = self._bucket.blob(path)
        try:
            # A second object under this name is none of this session's.
            address = blob.create_resumable_upload_session(
                content_type, size_bytes, origin, if_generation_match=0, timeout=SESSION_TIMEOUT_SECONDS
            )
        except _FAILURES as error:
            raise StorageUnavailable(str(error)) from error
        if address is None:
            raise StorageUnavailable("the storage named no address to upload to")
        return address

    def check(self) -> None:
        """Read-only. Raises if the bucket does not answer."""
        self._bucket.blob("ready").exists(timeout=CHECK_TIMEOUT_SECONDS)

    def delete(self, path: str) -> None:
        try:
            self._bucket.blob(path).delete()
        except exceptions.NotFound:
            return
        except _FAILURES as error:
            raise StorageUnavailable(str(error)) from error

    def url(self, path: str) -> str:
        return f"{self._settings.media_url}/{path}"
