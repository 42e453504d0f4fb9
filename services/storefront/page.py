"""What every page of the shop has around it: the shelves, the cart, and whoever is signed in."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from retail.cart import LARGEST_QUANTITY
from storefront.rendering import render
from storefront.sessions import Session
from storefront.shopping import Shopping


def page(
    request: Request, template: str, shopping: Shopping, session: Session | None, *, status: int = 200, **context: Any
) -> Response:
    """A page with the cart of the session and the categories of the shop."""
    everywhere = {
        "cart": shopping.cart(session),
        "shelves": shopping.resources.catalog.categories(),
        "largest_quantity": LARGEST_QUANTITY,
    }
    return render(request, template, everywhere | context, status=status)


def shared_page(request: Request, template: str, shopping: Shopping, **context: Any) -> Response:
    """A page that is the same for everybody but for its spots, which CopiedPages fills for whoever asks."""
    shelves = shopping.resources.catalog.categories()
    everywhere = {"shared": True, "shelves": shelves, "largest_quantity": LARGEST_QUANTITY}
    response = render(request, template, everywhere | context)
    request.state.is_shared = True
    return response


def see_other(path: str) -> Response:
    """Where the browser goes after a form: asking again for what it shows repeats nothing."""
    return RedirectResponse(path, status_code=303)
