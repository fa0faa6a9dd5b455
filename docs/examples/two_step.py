"""Two-step verification over REST, from no account to a signed-in session.

pip install httpx pyotp
python docs/examples/two_step.py http://localhost:3000
"""

import secrets
import sys
import time
from typing import Any

import httpx
import pyotp


def call(client: httpx.Client, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    """POST `body` and return the answer; a refusal ends the script with its sentence."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = client.post(path, json=body, headers=headers)
    if response.is_error:
        sys.exit(f"{path}: {response.status_code} {response.json()['detail']}")
    print(f"POST {path}: {response.status_code}")
    return response.json()


def main(base_url: str) -> None:
    """Walk through the seven steps."""
    email = f"two-step-{secrets.token_hex(4)}@example.com"
    credentials = {"email": email, "password": secrets.token_urlsafe(24)}

    with httpx.Client(base_url=base_url, timeout=30) as client:
        # 1, 2. An account, and a first sign-in: the password is enough.
        call(client, "/register", credentials)
        token = call(client, "/login", credentials)["access_token"]

        # 3. A new key. A person scans `qr_code`; it protects nothing until a code of it is shown.
        authenticator = pyotp.TOTP(call(client, "/mfa/setup", token=token)["secret"])

        # 4. The proof that the key arrived. Keep the recovery codes: they are shown this once.
        enabled = call(client, "/mfa/enable", {"code": authenticator.now()}, token)
        print(f"recovery codes: {len(enabled['recovery_codes'])}")

        # 5. Signed out; this access token is dead at once.
        call(client, "/logout", token=token)

        # 6. From now on the password alone gives no token, but a name for this sign-in.
        waiting = call(client, "/login", credentials)
        print(f"mfa_required: {waiting['mfa_required']}")

        # 7. A code works once and the current one was used in step 4. The next one is good already.
        code = authenticator.at(int(time.time()) + 30)
        answer = call(
            client, "/mfa/verify", {"email": email, "code": code, "mfa_token": waiting["mfa_token"]}
        )

        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        me = client.get("/me", headers=bearer).raise_for_status().json()
        print(f"signed in as {me['email']}, two-step verification: {me['mfa_enabled']}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:3000")
