"""Every door has exactly one guard, and the service does not start otherwise."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from app import main, reporter_face
from app.kernel import routing
from app.kernel.keyring import KeyFilesUnsafe
from app.policy.guard import Guard, Public, operations, public
from app.policy.permissions import Permission
from app.portal.access import AsVisitor
from tests.conftest import Service


def test_every_route_declares_exactly_one_guard(service: Service) -> None:
    found = operations(service.app)
    assert [operation for operation in found if len(operation.guards) != 1] == []
    described = [operation for operation in found if not operation.is_page]
    assert len(described) == sum(len(item) for item in service.app.openapi()["paths"].values()) > 60


def test_only_pages_for_people_are_left_out_of_the_openapi_document(service: Service) -> None:
    pages = [operation for operation in operations(service.app) if operation.is_page]
    addresses = ("/{language}", "/portal/")
    short = {"/", "/inbox", "/report/{channel}"}
    assert [page.path for page in pages if not page.path.startswith(addresses) and page.path not in short] == []
    assert len(pages) > 10
    assert {type(page.guards[0]) for page in pages} == {Public, AsVisitor}


def test_every_permission_stands_at_some_door(service: Service) -> None:
    used = {guard.permission for operation in operations(service.app) for guard in operation.guards}
    assert used >= set(Permission)


def test_every_open_door_says_why(service: Service) -> None:
    for operation in operations(service.app):
        guard = operation.guards[0]
        if guard.permission is None and guard.relation == "public":
            assert len(guard.because or "") > 20, operation.path


@pytest.mark.parametrize("guards", [0, 2])
def test_the_service_refuses_to_start_with_a_bare_or_a_doubly_guarded_route(
    service: Service, guards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = routing.router("odd")
    dependencies = [public(because="this route exists in a test alone") for _ in range(guards)]

    @router.get("/odd", dependencies=dependencies)
    async def read_odd() -> str:
        """Answer."""
        return "odd"

    monkeypatch.setattr(reporter_face, "ROUTERS", (*reporter_face.ROUTERS, router))
    with pytest.raises(main.UnguardedRoute):
        main.create_app(service.runtime.settings)


def test_a_walk_that_sees_nothing_does_not_pass() -> None:
    with pytest.raises(AssertionError):
        operations(FastAPI())


def test_the_reporters_face_has_no_route_for_staff(service: Service) -> None:
    settings = service.runtime.settings.model_copy(update={"faces": frozenset({"reporter"})})
    paths = {operation.path for operation in operations(main.create_app(settings))}
    assert "/v1/inbox" in paths
    assert not any(
        path.startswith(("/v1/cases", "/v1/auth", "/v1/accounts", "/v1/audit", "/v1/releases")) for path in paths
    )


def test_guards_are_instances_of_the_base(service: Service) -> None:
    assert all(isinstance(guard, Guard) for operation in operations(service.app) for guard in operation.guards)


def test_key_files_that_others_may_read_stop_the_start(service: Service) -> None:
    pepper: Path = service.runtime.settings.keys_folder / "pepper.key"
    pepper.chmod(0o444)
    try:
        with pytest.raises(KeyFilesUnsafe):
            main.create_app(service.runtime.settings)
    finally:
        pepper.chmod(0o400)
