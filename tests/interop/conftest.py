"""JavaScript for the tests of this folder: shown to work, or said to be missing."""

from collections.abc import Iterator

import pytest

from tests.interop.node import Node, NodeMissing, in_ci


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """JavaScript, ready to answer."""
    try:
        running = Node()
    except NodeMissing as missing:
        if in_ci():
            raise
        pytest.skip(f"NOTHING WAS SHOWN ABOUT JAVASCRIPT: {missing}")
    with running:
        yield running
