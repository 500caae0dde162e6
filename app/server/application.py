"""The server put together: addresses, problems, what every request passes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route

from ... import __version__
from .agents import make_agents_door
from .gate import Gate
from .problems import ProblemDetails, described, tell_problems
from .routes import cases, images, jobs, pages, reports, system, talk
from .service import Service
from .token_guard import TokenGuard

EXAMPLES = Path(__file__).with_name("examples.json")
"""One answer by each word's name, which `scripts/api_examples.py` asked a running server for."""
ABOUT = """\
Cases, reviews, reports, timelines and questions about a case. Caseloom is not a medical device; a report is a draft
until a person signs it.

Send a token as `Authorization: Bearer TOKEN`. A problem is told as `application/problem+json` (RFC 9457)."""


def make_application(service: Service) -> FastAPI:
    """The server of a service, which runs while the server does.

    Args:
        service: cases, users, limits.
    """
    agents = make_agents_door(service)
    over_http = agents.streamable_http_app(
        stateless_http=True, transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False))

    @asynccontextmanager
    async def while_it_runs(_: FastAPI) -> AsyncIterator[None]:
        with service.running():
            async with agents.session_manager.run():
                yield

    app = FastAPI(title="Caseloom", version=__version__, description=ABOUT, lifespan=while_it_runs, docs_url=None,
                  redoc_url=None, openapi_url="/api/openapi.json", generate_unique_id_function=_operation,
                  separate_input_output_schemas=False)
    app.state.service = service
    tell_problems(app)
    api = APIRouter(prefix="/api", responses=described(400, 422, 429))
    for part in (system, cases, jobs, reports, images, talk):
        api.include_router(part.router)
    app.include_router(api)
    app.router.routes.append(Route("/mcp", endpoint=TokenGuard(over_http, service)))  # the gate looks at hosts
    app.include_router(pages.router)
    app.add_middleware(Gate, options=service.options)
    _describe(app)
    return app


def _operation(route: APIRoute) -> str:
    """Functions name their operations."""
    return route.name


def _describe(app: FastAPI) -> None:
    """Add what the description of single addresses cannot say."""
    drawn, examples = app.openapi, json.loads(EXAMPLES.read_bytes())

    def complete() -> dict[str, Any]:
        schema = drawn()
        schemas = schema["components"]["schemas"]
        schemas.setdefault("ProblemDetails", ProblemDetails.model_json_schema())
        for name, example in examples.items():
            schemas[name]["examples"] = [example]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        return schema

    app.openapi = complete  # type: ignore[method-assign] # as FastAPI's documentation has it
