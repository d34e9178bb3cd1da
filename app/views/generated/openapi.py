"""The API's description, cut to what the person reading it may call and see."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import request
from flask_appbuilder.api import BaseApi, protect, safe
from flask_appbuilder.api.manager import OpenApi
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import Column, inspect
from sqlalchemy import types as sa

from app.models.base.grants import STAFF
from app.models.base.sealed import SealedText
from app.models.base.types import FhirDateTime, Instant
from app.views.generated.values import NUMBERS

TYPES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (Instant, {"type": "string", "format": "date-time"}),
    (FhirDateTime, {"type": "string", "description": "FHIR R4 dateTime"}),
    (sa.Enum, {"type": "string"}),
    (sa.Boolean, {"type": "boolean"}),
    (sa.Integer, {"type": "integer", "format": "int32"}),
    (NUMBERS, {"type": "number"}),
    (sa.DateTime, {"type": "string", "format": "date-time"}),
    (sa.Date, {"type": "string", "format": "date"}),
    (sa.Time, {"type": "string", "format": "time"}),
    (sa.String, {"type": "string"}),
    (SealedText, {"type": "string"}),
)


class DescribedApi(BaseApi):
    """Mixed into the generated APIs: describes the visible columns and the allowed methods."""

    def _init_model_schemas(self) -> None:
        """Bodies are read by `parsing.parse`; no schema objects are needed."""

    def add_apispec_components(self, api_spec: APISpec) -> None:
        BaseApi.add_apispec_components(self, api_spec)  # answers and query schemas
        for method, columns in self._described().items():
            name = f"{type(self).__name__}.{method}"
            api_spec.components.schema(
                name, schema(self.model, columns, method, self.label_columns)
            )

    def add_api_spec(self, api_spec: APISpec) -> None:
        self.add_apispec_components(api_spec)
        for name in dir(self):
            method = getattr(self, name)
            permission = f"can_{self.method_permission_name.get(name, name)}"
            if hasattr(method, "_urls") and self.appbuilder.sm.has_access(
                permission, self.class_permission_name
            ):
                for url, methods in method._urls:
                    self._describe(api_spec, method, url, methods)

    def _describe(self, api_spec: APISpec, method: Any, url: str, methods: Any) -> None:
        operations: dict[str, Any] = {}
        path = self.path_helper(path=url, operations=operations)
        self.operation_helper(path=path, operations=operations, methods=methods, func=method)
        for operation in operations.values():
            operation["tags"] = [self.openapi_spec_tag]
        api_spec.path(path=path, operations=operations)

    def _described(self) -> dict[str, list[str]]:
        return {
            "get_list": self.list_columns,
            "get": self.show_columns,
            "post": self.add_columns,
            "put": self.edit_columns,
        }


class ClinicOpenApi(OpenApi):
    """`/api/v1/_openapi`."""

    class_permission_name = "OpenApi"
    may = {"get": STAFF}

    @expose("/<version>/_openapi")
    @protect()
    @safe
    @permission_name("get")
    def get(self, version: str) -> Any:
        if version != "v1":
            return self.response_404()
        spec = self._create_api_spec(version)
        for api in self.appbuilder.baseviews:
            if isinstance(api, BaseApi) and api.version == version and self._opens(api):
                api.add_api_spec(spec)
        return self.response(200, **spec.to_dict())

    def _opens(self, api: BaseApi) -> bool:
        return not isinstance(api, DescribedApi) or self.appbuilder.sm.has_access(
            "can_list", api.class_permission_name
        )


class SwaggerPage(BaseView):
    """`/swagger/v1`: the API, to read and to try."""

    route_base = "/swagger"
    default_view = "show"
    class_permission_name = "Swagger"
    may = {"show": STAFF}

    @expose("/v1")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """The page that reads the description and shows it."""
        uri = request.script_root + "/api/v1/_openapi"
        return str(self.render_template("swagger.html", openapi_uri=uri))


def schema(
    model: type[Any], columns: list[str], method: str, labels: dict[str, str]
) -> dict[str, Any]:
    """The JSON schema of a row with these columns, as `method` answers or takes it."""
    found = inspect(model).columns
    needed = [n for n in columns if n in found and not _fills_itself(found[n])]
    described = {n: _property(found.get(n), str(labels.get(n, n))) for n in columns}
    required = {"required": needed} if needed and method == "post" else {}
    return {"type": "object", "properties": described, **required}


def _fills_itself(column: Column[Any]) -> bool:
    return bool(column.nullable or column.default is not None)


def _property(column: Column[Any] | None, label: str) -> dict[str, Any]:
    described: dict[str, Any] = {"title": label}
    if column is None:  # the label of a link
        return described | {"type": "string", "readOnly": True, "nullable": True}
    described |= next((facts for kind, facts in TYPES if isinstance(column.type, kind)), {})
    if isinstance(column.type, sa.Enum):
        described["enum"] = column.type.enums
    elif isinstance(column.type, sa.String) and column.type.length:
        described["maxLength"] = column.type.length
    if column.nullable:
        described["nullable"] = True
    return described
