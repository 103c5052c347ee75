"""Which store of files the settings choose. Each is loaded only where it is chosen: the library of one is optional."""

import importlib
from functools import cache
from pathlib import Path

from app.blobs.folder import FolderStore
from app.blobs.store import Store
from app.kernel.settings import Settings


def store_of(settings: Settings) -> Store:
    """Return the store that the settings choose."""
    if settings.file_store == "s3":
        endpoint = None if settings.s3_endpoint is None else str(settings.s3_endpoint)
        return _bucket(settings.s3_bucket, endpoint, settings.s3_region)
    return _folder(settings.files_folder)


@cache
def _folder(folder: Path) -> Store:
    return FolderStore(folder)


@cache
def _bucket(bucket: str, endpoint: str | None, region: str | None) -> Store:
    found: Store = importlib.import_module("app.blobs.bucket").BucketStore(bucket, endpoint, region)
    return found
