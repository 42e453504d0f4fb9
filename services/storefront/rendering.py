"""Pages out of templates: escaped by default, with addresses of static files that change with their content."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from retail.site import version_of
from storefront.sessions import FORM_FIELD, known_session

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

STATIC_VERSION = version_of({path.name: path.read_bytes() for path in STATIC.iterdir() if path.is_file()})

_templates = Jinja2Templates(FOLDER / "templates")
_templates.env.globals["static"] = f"/static/{STATIC_VERSION}"


@pass_context
def _form_token(context: Context) -> Markup:
    """The hidden field that says a form is ours; empty for whom we do not know yet, who has nothing to lose."""
    session = known_session(context["request"])
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(FORM_FIELD, session.form_token) if session else Markup("")


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
