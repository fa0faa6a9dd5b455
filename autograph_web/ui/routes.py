"""The table of pages: path and title of each. Their access rules are in `authz/operations.py`."""

from dataclasses import dataclass

from autograph_web.authz.operations import Who, page_operation

PRODUCT = "AutoGraph"


@dataclass(frozen=True, slots=True)
class Route:
    """One page; `name` is its title before the product's name, or that name alone."""

    path: str
    name: str

    @property
    def protected(self) -> bool:
        """Whether the page requires a session."""
        return page_operation(self.path).who is not Who.PUBLIC

    @property
    def admin(self) -> bool:
        """Whether the page is for administrators only."""
        return page_operation(self.path).who is Who.ADMIN

    @property
    def title(self) -> str:
        """The document title, page first so that tabs and screen readers tell pages apart (WCAG 2.4.2)."""
        return PRODUCT if self.name == PRODUCT else f"{self.name} · {PRODUCT}"


HOME = Route("/", PRODUCT)
REGISTER = Route("/register", "Create your account")
SIGN_IN = Route("/login", "Sign in")
FORGOTTEN = Route("/password-reset", "Forgot your password?")
NOT_ME = Route("/not-me", "Was this you?")
NEW_PASSWORD = Route("/password-reset/confirm", "Choose a new password")
VERIFY_EMAIL = Route("/verify-email", "Verify your email")
CHANGE_EMAIL = Route("/change-email", "Confirm your new email")
UNDO_EMAIL = Route("/undo-email-change", "Restore your previous email")
DASHBOARD = Route("/dashboard", "Overview")
SECURITY = Route("/settings/security", "Security")
SESSIONS = Route("/settings/sessions", "Devices")
API_KEYS = Route("/settings/api-keys", "API keys")
ACTIVITY = Route("/settings/activity", "Activity")
ACCOUNT = Route("/settings/account", "Account")
ADMIN_OVERVIEW = Route("/admin", "Server overview")
ADMIN_FLAGS = Route("/admin/flags", "Feature flags")
ADMIN_USERS = Route("/admin/users", "Users")
ADMIN_NEW_USER = Route("/admin/users/new", "New account")
ADMIN_PERSON = Route("/admin/users/person", "User")
ADMIN_AUDIT = Route("/admin/audit", "Audit log")
FORBIDDEN = Route("/forbidden", "Access denied")
ERROR = Route("/error", "Something went wrong")
NOT_FOUND = Route("/404", "Page not found")

ROUTES: tuple[Route, ...] = (
    HOME,
    REGISTER,
    SIGN_IN,
    FORGOTTEN,
    NEW_PASSWORD,
    VERIFY_EMAIL,
    CHANGE_EMAIL,
    UNDO_EMAIL,
    NOT_ME,
    DASHBOARD,
    SECURITY,
    SESSIONS,
    API_KEYS,
    ACTIVITY,
    ACCOUNT,
    ADMIN_OVERVIEW,
    ADMIN_USERS,
    ADMIN_NEW_USER,
    ADMIN_PERSON,
    ADMIN_AUDIT,
    ADMIN_FLAGS,
    FORBIDDEN,
    ERROR,
    NOT_FOUND,
)
PROTECTED_PATHS: frozenset[str] = frozenset(route.path for route in ROUTES if route.protected)
ADMIN_PATHS: frozenset[str] = frozenset(route.path for route in ROUTES if route.admin)
ADMIN_NAV: tuple[Route, ...] = (ADMIN_OVERVIEW, ADMIN_USERS, ADMIN_AUDIT, ADMIN_FLAGS)
"""The navigation of the administration, in order; "Administration" links to the first."""
