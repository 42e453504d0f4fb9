"""Who asks: dependencies for endpoints that are for customers, or for people who work here.

A browser without a session is sent to sign in and comes back; a program gets a problem.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import Depends, HTTPException, Request

from retail.customer_sessions import SignedIn
from retail.customers import is_staff
from retail.errors import SignInRequiredError, StaffOnlyError
from storefront.resources import Resources
from storefront.sessions import KnownSession

SIGN_IN = "/account/sign-in"
STAFF_SESSION = timedelta(hours=12)  # whoever may change the shop signs in every day; still with a password alone


async def known_customer(request: Request, session: KnownSession) -> SignedIn | None:
    """The customer who is signed in, or None for a guest; a guest costs no look-up."""
    if session is None or not session.claims_customer:
        return None
    resources: Resources = request.app.state.resources
    return await to_thread.run_sync(resources.customer_sessions.find, session.key)


KnownCustomer = Annotated[SignedIn | None, Depends(known_customer)]


def current_customer(request: Request, customer: KnownCustomer) -> SignedIn:
    """The customer who is signed in; raises SignInRequiredError, or sends a browser to sign in."""
    if customer is None:
        raise _sign_in_first(request)
    return customer


CurrentCustomer = Annotated[SignedIn, Depends(current_customer)]


def current_staff(request: Request, customer: CurrentCustomer) -> SignedIn:
    """A customer who works here, as the database knows at this moment, signed in today.

    For others the pages do not exist; the API answers 403 (StaffOnlyError).
    """
    resources: Resources = request.app.state.resources
    with resources.writer.transaction() as connection:
        works_here = is_staff(connection, customer.customer_id)
    if not works_here:
        raise StaffOnlyError if _is_api(request) else HTTPException(404)
    if datetime.now(UTC) - customer.since > STAFF_SESSION:
        raise _sign_in_first(request)
    return customer


CurrentStaff = Annotated[SignedIn, Depends(current_staff)]


def _sign_in_first(request: Request) -> Exception:
    if _is_api(request):
        return SignInRequiredError()
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(wanted, safe='')}" if request.method == "GET" else ""
    return HTTPException(303, headers={"Location": SIGN_IN + back})


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")
