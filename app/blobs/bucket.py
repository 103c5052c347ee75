"""Keeps encrypted files as objects in a bucket of any S3-compatible store, each written by one multipart upload.

Until an upload is completed its bytes are no object: half a file cannot be read, and what was completed takes no more parts.
Who we are to the store is said where boto3 looks for it: its own environment variables and files.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.blobs.store import BlobEnded, BlobGone, Place, StoreFull

_CONNECT_SECONDS, _ANSWER_SECONDS, _ATTEMPTS = 5, 30, 3
_GONE = frozenset({"NoSuchUpload", "NoSuchKey", "404"})


class BucketStore:
    """Objects in one bucket."""

    step = 8
    """S3 takes no part below 5 MiB but the last."""

    def __init__(self, bucket: str, endpoint: str | None, region: str | None) -> None:
        """Keep them in `bucket`; nothing connects yet."""
        self.bucket = bucket
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_ANSWER_SECONDS,
                retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",  # stores other than AWS do not know the newer ones,
                response_checksum_validation="when_required",  # and every part is bound to its file anyway
            ),
        )

    def _of(self, place: Place) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": place.text()}

    def begin(self, place: Place) -> str:
        """Begin a multipart upload; return its id."""
        with _asking():
            begun = self._s3.create_multipart_upload(**self._of(place), ContentType="application/octet-stream")
        return str(begun["UploadId"])

    def put(self, place: Place, handle: str, number: int, content: bytes) -> None:
        """Upload one part. It is durable as soon as the store has answered."""
        with _asking():
            self._s3.upload_part(**self._of(place), UploadId=handle, PartNumber=number + 1, Body=content)

    def settle(self, place: Place, handle: str) -> None:
        """Nothing is left to be done: every part was answered for."""

    def finish(self, place: Place, handle: str, length: int) -> None:
        """Complete the upload; if that was done before, the object shows it."""
        try:
            with _asking():
                pages = self._s3.get_paginator("list_parts").paginate(**self._of(place), UploadId=handle)
                parts = [part for page in pages for part in page.get("Parts", ())]
                if sum(part["Size"] for part in parts) != length:
                    raise BlobGone
                named = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
                self._s3.complete_multipart_upload(**self._of(place), UploadId=handle, MultipartUpload={"Parts": named})
        except BlobEnded:
            if self._length(place) != length:
                raise BlobGone from None

    def _length(self, place: Place) -> int | None:
        try:
            with _asking():
                return int(self._s3.head_object(**self._of(place))["ContentLength"])
        except BlobEnded:
            return None

    def read(self, place: Place, start: int, length: int) -> bytes:
        """Ask for a range of the object."""
        try:
            with _asking():
                asked = f"bytes={start}-{start + length - 1}"
                content: bytes = self._s3.get_object(**self._of(place), Range=asked)["Body"].read()
        except BlobEnded:
            raise BlobGone from None
        return content

    def remove(self, place: Place, handle: str | None) -> None:
        """Abort the upload, if it was begun, and delete the object."""
        if handle is not None:
            self.drop(place, handle)
        with _asking():
            self._s3.delete_object(**self._of(place))

    def drop(self, place: Place, handle: str) -> None:
        """Abort the upload."""
        with suppress(BlobEnded), _asking():
            self._s3.abort_multipart_upload(**self._of(place), UploadId=handle)

    def held(self) -> Iterator[tuple[Place, str | None]]:
        """List objects and uploads that were not completed."""
        with _asking():
            for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket):
                for upload in page.get("Uploads", ()):
                    place = Place.read(upload["Key"])
                    if place is not None:
                        yield place, upload["UploadId"]
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                for found in page.get("Contents", ()):
                    place = Place.read(found["Key"])
                    if place is not None:
                        yield place, None


@contextmanager
def _asking() -> Iterator[None]:
    """Say what a refusal of the store means.

    Raises:
        BlobEnded: there is no such upload or object.
        StoreFull: it took nothing, or did not answer.

    """
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise BlobEnded from error
        raise StoreFull from error
    except BotoCoreError as error:
        raise StoreFull from error
