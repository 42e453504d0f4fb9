"""What API and pages have in common about accounts: registering, signing in and out."""

from typing import Annotated

from fastapi import Depends, Request

from retail.customers import authenticate, register
from retail.errors import CacheUnavailableError, WrongCredentialsError
from retail.observability import count, logger
from storefront.account_schemas import Credentials, Registration
from storefront.resources import Resources
from storefront.sessions import Session, begin_session, known_session


class Accounts:
    """One request of somebody who has, or wants, an account."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._resources: Resources = request.app.state.resources

    def register(self, wanted: Registration) -> None:
        """Open an account; nothing tells the asker whether there was one. Raises UnsuitablePasswordError."""
        opened = register(
            self._resources.writer,
            email=wanted.email,
            name=wanted.name,
            password=wanted.password.get_secret_value(),
        )
        count("AccountsOpened" if opened else "AccountsOpenedTwice")

    def sign_in(self, credentials: Credentials) -> None:
        """Begin a new session, signed in, with the cart and the orders of the guest; raises WrongCredentialsError.

        The id from before is worth nothing then: whoever planted or learned it is left outside.
        """
        account = authenticate(
            self._resources.writer, email=credentials.email, password=credentials.password.get_secret_value()
        )
        if account is None:
            count("SignInsRefused")
            raise WrongCredentialsError
        before = known_session(self._request)
        guest = before if before is not None and not before.claims_customer else None
        now = Session.new(claims_customer=True)
        sessions = self._resources.customer_sessions
        sessions.begin(account.id, session_key=now.key, guest_key=guest.key if guest else None)
        begin_session(self._request, now)
        if before is not None:
            self._take_cart_along(before, now)
        if before is not None and before.claims_customer:
            sessions.end(before.key)
        logger.info("signed in", customer_id=str(account.id))

    def sign_out(self) -> None:
        """End the session for good, here and in every copy of its cookie; a guest's new one follows."""
        session = known_session(self._request)
        if session is not None and session.claims_customer:
            self._resources.customer_sessions.end(session.key)
        if session is not None:
            self._forget_cart(session)
        begin_session(self._request, Session.new())

    def _take_cart_along(self, before: Session, now: Session) -> None:
        try:
            self._resources.carts.move(before.key, now.key)
        except CacheUnavailableError:
            logger.warning("a cart stayed behind at a sign-in")

    def _forget_cart(self, session: Session) -> None:
        try:
            self._resources.carts.clear(session.key)
        except CacheUnavailableError:
            logger.warning("the cart of a session that ended stays until it expires")


CurrentAccounts = Annotated[Accounts, Depends(Accounts)]
