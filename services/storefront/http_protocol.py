"""HTTP as uvicorn speaks it by httptools, with an end to how long a head may go on."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from storefront.request_limits import LARGEST_HEAD

CUT_OFF = 2 * LARGEST_HEAD  # what is larger is cut off, what is smaller gets a problem


class BoundedHeads(HttpToolsProtocol):
    """Keeps at most so much of a head that has not ended: the library itself would collect one for ever."""

    _of_head = 0

    def data_received(self, data: bytes) -> None:
        """Read on, or give the client up."""
        self._of_head += len(data)
        super().data_received(data)
        if self._of_head > CUT_OFF and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """From here on it is the body, which is limited elsewhere."""
        super().on_headers_complete()
        self._of_head = 0

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        super().on_body(body)
        self._of_head = 0

    def on_message_complete(self) -> None:
        """The end of a request; what comes next is the head of another one."""
        super().on_message_complete()
        self._of_head = 0
