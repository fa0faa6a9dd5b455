"""Accounts over REST."""

from fastapi import APIRouter

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.api.bodies import StrictRoute
from autograph_web.api.documentation import problems
from autograph_web.api.identity import CurrentContext
from autograph_web.api.schemas import AccountOut
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Account"])


@router.post("/register", status_code=201, responses=problems(409, 422, 429, 503))
async def register(context: CurrentContext, wish: RegistrationInput) -> AccountOut:
    """Create an account. It does not sign in: call /login next."""
    return AccountOut.of(await services().registration.register(context, wish))
