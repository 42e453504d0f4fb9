"""Pages out of templates: escaped by default, with addresses of static files that change with their content."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from retail.site import version_of
from storefront.deliveries import COUNTRIES
from storefront.sessions import known_session
from storefront.spots import FORM_TOKEN_MARK, PIECES_MARK, form_token, pieces_in_cart

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

STATIC_VERSION = version_of({path.name: path.read_bytes() for path in STATIC.iterdir() if path.is_file()})

_templates = Jinja2Templates(FOLDER / "templates")
_templates.env.globals["countries"] = COUNTRIES
_templates.env.globals["static"] = f"/static/{STATIC_VERSION}"


@pass_context
def _form_token(context: Context) -> Markup:
    return FORM_TOKEN_MARK if "shared" in context else form_token(known_session(context["request"]))


@pass_context
def _pieces_in_cart(context: Context) -> Markup:
    return PIECES_MARK if "shared" in context else pieces_in_cart(context["cart"].pieces if "cart" in context else 0)


@pass_context
def _is_demonstration(context: Context) -> bool:
    is_demonstration: bool = context["request"].app.state.resources.is_demonstration
    return is_demonstration


_templates.env.globals["is_demonstration"] = _is_demonstration
_templates.env.globals["pieces_in_cart"] = _pieces_in_cart
_templates.env.globals["form_token"] = _form_token
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True


def render(
    request: Request,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A page."""
    return _templates.TemplateResponse(request, template, context, status_code=status, headers=headers)
