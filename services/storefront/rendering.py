"""Pages out of templates: escaped by default, with addresses of static files that change with their content."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from retail.site import version_of

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

STATIC_VERSION = version_of({path.name: path.read_bytes() for path in STATIC.iterdir() if path.is_file()})

_templates = Jinja2Templates(FOLDER / "templates")
_templates.env.globals["static"] = f"/static/{STATIC_VERSION}"
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
