"""What API and pages have in common about accounts: opening, entering, leaving, changing and deleting them."""

import hashlib
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItem, RateLimitItemPerMinute

from retail.customer_sessions import SignedIn, revoke_all
from retail.customers import Account, authenticate, delete_account, hash_new_password, register, replace_password
from retail.errors import CacheUnavailableError, TooManyAttemptsError, WrongCredentialsError, WrongPasswordError
from retail.observability import count, logger
from storefront.account_schemas import Credentials, Deletion, PasswordChange, Registration
from storefront.carts import CurrentCarts
from storefront.client_address import client_address
from storefront.resources import Resources
from storefront.sessions import Session, begin_session, known_session


class Accounts:
    """One request of somebody who has, or wants, an account."""

    def __init__(self, request: Request, carts: CurrentCarts) -> None:
        self._request = request
        self._carts = carts
        self._resources: Resources = request.app.state.resources
        self._settings = self._resources.settings

    def register(self, wanted: Registration) -> None:
        """Open an account; nothing tells the asker whether there was one.

        Raises UnsuitablePasswordError and TooManyAttemptsError.
        """
        self._count("sign-in-address", self._settings.sign_ins_per_address, client_address(self._request))
        opened = register(
            self._resources.writer,
            email=wanted.email,
            name=wanted.name,
            password=wanted.password.get_secret_value(),
        )
        count("AccountsOpened" if opened else "AccountsOpenedTwice")

    def sign_in(self, credentials: Credentials) -> None:
        """Begin a new session, signed in, with the cart and the orders of the guest.

        A guest is also who was signed out elsewhere and went on. The id from before is worth nothing then: whoever
        planted or learned it is left outside. Raises WrongCredentialsError, and TooManyAttemptsError before the
        password is looked at.
        """
        account = self._authenticate(credentials.email, credentials.password.get_secret_value())
        before = known_session(self._request)
        now = Session.new(claims_customer=True)
        sessions = self._resources.customer_sessions
        sessions.begin(account, session_key=now.key, key_before=before.key if before else None)
        begin_session(self._request, now)
        if before is not None:
            self._carts.move(before, now)
        if before is not None and before.claims_customer:
            sessions.end(before.key)
        logger.info("signed in", customer_id=str(account.id))

    def sign_out(self) -> None:
        """End the session for good, here and in every copy of its cookie; a guest's new one follows."""
        session = known_session(self._request)
        if session is not None and session.claims_customer:
            self._resources.customer_sessions.end(session.key)
        self._leave(session)

    def sign_out_everywhere(self, customer: SignedIn) -> None:
        """End every session of the customer, whoever has it."""
        with self._resources.writer.transaction() as connection:
            ended = revoke_all(connection, customer.customer_id)
        self._forget(ended)
        self._leave(known_session(self._request))
        logger.info("signed out everywhere", customer_id=str(customer.customer_id), sessions=len(ended))

    def change_password(self, customer: SignedIn, change: PasswordChange) -> None:
        """From now on only the new password opens the account, and every session but this one has ended.

        Raises WrongPasswordError, TooManyAttemptsError and UnsuitablePasswordError.
        """
        account = self._prove(customer, change.current_password.get_secret_value())
        hashed = hash_new_password(account, change.new_password.get_secret_value())
        session = known_session(self._request)
        with self._resources.writer.transaction() as connection:
            replace_password(connection, account.id, hashed)
            ended = revoke_all(connection, account.id, but=session.key if session else None)
        self._forget(ended)
        logger.info("password changed", customer_id=str(account.id), sessions=len(ended))

    def delete(self, customer: SignedIn, deletion: Deletion) -> None:
        """Delete the account; what was ordered goes on without it. Raises as `change_password` does."""
        account = self._prove(customer, deletion.password.get_secret_value())
        with self._resources.writer.transaction() as connection:
            ended = revoke_all(connection, account.id)
            delete_account(connection, account.id)
        self._forget(ended)
        self._leave(known_session(self._request))
        logger.info("account deleted", customer_id=str(account.id))
        count("AccountsDeleted")

    def _forget(self, ended: list[str]) -> None:
        """Whoever still has one of these sessions finds neither the customer nor the cart; it may be a thief."""
        self._resources.customer_sessions.forget(ended)
        try:
            for session_key in ended:
                self._resources.carts.clear(session_key)
        except CacheUnavailableError:
            logger.warning("carts of sessions that ended stay until they expire")

    def _leave(self, session: Session | None) -> None:
        """Leave the cart behind, and go on as a guest nobody has been before."""
        if session is not None:
            self._carts.clear(session)
        begin_session(self._request, Session.new())

    def _prove(self, customer: SignedIn, password: str) -> Account:
        """Whoever has the session says the password too; counted as a sign-in is."""
        try:
            return self._authenticate(customer.email, password)
        except WrongCredentialsError:
            raise WrongPasswordError from None

    def _authenticate(self, email: str, password: str) -> Account:
        """Whose password this is, counted as an attempt that a right one makes forgotten.

        First for the account from this address, then for the account from anywhere: what the first refuses is not
        counted by the second, so that nobody keeps somebody out from one place.
        """
        address = client_address(self._request)
        self._count("sign-in-address", self._settings.sign_ins_per_address, address)
        account_only = hashlib.sha256(email.lower().encode()).hexdigest()
        limits = (
            ("sign-in-here", self._settings.sign_ins_per_account_and_address, f"{account_only}:{address}"),
            ("sign-in-account", self._settings.sign_ins_per_account, account_only),
        )
        for name, most, whom in limits:
            self._count(name, most, whom)
        account = authenticate(self._resources.writer, email=email, password=password)
        if account is None:
            count("SignInsRefused")
            raise WrongCredentialsError
        for name, most, whom in limits:
            self._resources.rate_counters.forget(name, _window(most), whom)
        return account

    def _count(self, name: str, most: int, whom: str) -> None:
        """Without a cache each process counts for itself: guessing stays slow."""
        standing = self._resources.rate_counters.hit(name, _window(most), whom, even_alone=True)
        if standing is not None and standing.exceeded:
            count("SignInsThrottled")
            raise TooManyAttemptsError(standing.reset_seconds)


def _window(most: int) -> RateLimitItem:
    return RateLimitItemPerMinute(most, 15)


CurrentAccounts = Annotated[Accounts, Depends(Accounts)]
