"""HEAD wherever there is GET (RFC 9110, section 9.1), with the same headers."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """Has HEAD answered as GET; the server, which knows what was asked, leaves the body out.

    Just outside of the routes and their copies, so that limits, trace and log still tell the one from the other.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._application(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        try:
            await self._application(asked, receive, send)
        finally:
            scope.update({**asked, "method": "HEAD"})  # with the route, for trace and log
