"""What encrypts the secrets that are stored, for services and for commands that need nothing else."""

from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.settings import Settings


def encryptor_of(settings: Settings, randomness: Randomness | None = None) -> Encryptor:
    """Return what encrypts the secrets that must be read back: keys of authenticators, one-time secrets."""
    return Encryptor(Keyring(settings.master_secrets, "sealed factors"), randomness or SystemRandomness())
