"""The receipt on the reporter's own machine: drawn, stretched and kept there; a service never gets the words."""

from app.client.server import Answer
from app.client.terminal import Failure
from app.crypto import receipts
from app.crypto.receipts import ReceiptKeys


def derive(page: Answer, receipt: str) -> ReceiptKeys:
    """Return the keys of a receipt under the salt of a channel's page. Blocks.

    Raises:
        Failure: it is no receipt, or the service wants another format than this client knows.

    """
    wanted = page.of("receipt")
    known = (receipts.WORDS_IN_A_RECEIPT, receipts.MEMORY_KIB, receipts.ITERATIONS)
    if (wanted.number("words"), wanted.number("memory_kib"), wanted.number("iterations")) != known:
        raise Failure("The service wants receipts in a format that this client does not know: use a newer client.")
    try:
        return receipts.derive(receipt, wanted.octets("salt"))
    except ValueError:
        raise Failure("A receipt is seven words of the list: check their spelling.") from None
