"""The secrets: validated if given, generated once if not."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from autograph_web.infra.crypto.secret_file import SecretError, add_secret, check_secret, secrets_of_data_dir
from autograph_web.infra.randomness import SystemRandomness
from tests.support.product.sources import ROOT
from tests.support.services.factories import SECRET


def test_the_first_start_makes_a_secret_only_its_owner_can_read(tmp_path: Path) -> None:
    [secret] = secrets_of_data_dir(tmp_path / "data")

    assert len(secret) == 64
    check_secret(secret)
    assert (tmp_path / "data" / "secret_keys").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_later_starts_use_the_same_secret(tmp_path: Path) -> None:
    assert secrets_of_data_dir(tmp_path) == secrets_of_data_dir(tmp_path)


def test_nothing_but_the_secret_is_left_in_the_folder(tmp_path: Path) -> None:
    secrets_of_data_dir(tmp_path)

    assert os.listdir(tmp_path) == ["secret_keys"]  # noqa: PTH208


@pytest.mark.parametrize("turn", range(3))
def test_twenty_racing_threads_agree_on_one_secret(tmp_path: Path, turn: int) -> None:
    ready = Barrier(20)

    def start() -> tuple[str, ...]:
        ready.wait()
        return secrets_of_data_dir(tmp_path)

    with ThreadPoolExecutor(20) as pool:
        found = [future.result() for future in [pool.submit(start) for _ in range(20)]]

    assert len(set(found)) == 1
    assert secrets_of_data_dir(tmp_path) == found[0]
    assert os.listdir(tmp_path) == ["secret_keys"]  # noqa: PTH208


def test_racing_processes_agree_on_one_secret(tmp_path: Path) -> None:
    script = (
        "import sys; sys.stdin.read(1)\n"
        "from pathlib import Path\n"
        "from autograph_web.infra.crypto.secret_file import secrets_of_data_dir\n"
        "print(secrets_of_data_dir(Path(sys.argv[1]))[0])"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(6)
    ]
    found = {racer.communicate(b"go")[0] for racer in racers}

    assert len(found) == 1
    assert {racer.returncode for racer in racers} == {0}


def test_several_secrets_are_read_newest_first(tmp_path: Path) -> None:
    (tmp_path / "secret_keys").write_text(f"{'n' * 43}\n\n  {'o' * 43}  \n")

    assert secrets_of_data_dir(tmp_path) == ("n" * 43, "o" * 43)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"short\n", SECRET.encode()[:20], b"\xff\xfe" * 40])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret_keys").write_bytes(content)

    with pytest.raises(SecretError) as refusal:
        secrets_of_data_dir(tmp_path)

    assert str(tmp_path / "secret_keys") in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert (tmp_path / "secret_keys").read_bytes() == content


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SecretError) as refusal:
        secrets_of_data_dir(tmp_path / "file")

    assert "is not writable" in str(refusal.value)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "secret",
        "changeme",
        SECRET[:42],
        "a" * 64,
        "ab" * 32,
        "change-me-please-change-me-please-change-me-1234",
        "my-super-SECRET-key-which-is-long-enough-0123456789",
        "your-256-bit-signing-key-goes-here-0123456789abcdef",
        "PASSWORDpasswordPASSWORD0123456789qwertyuiopASDF",
    ],
)
def test_a_weak_secret_is_refused_with_what_to_do(secret: str) -> None:
    with pytest.raises(SecretError, match=r"placeholder or a secret under 256 bits.*openssl rand"):
        check_secret(secret)


def test_what_openssl_makes_is_accepted() -> None:
    check_secret(SECRET)


def test_a_new_secret_stands_before_the_others(tmp_path: Path) -> None:
    first = secrets_of_data_dir(tmp_path)
    assert add_secret(tmp_path, SystemRandomness()) == 2

    new, *others = secrets_of_data_dir(tmp_path)
    assert tuple(others) == first
    check_secret(new)
    assert (tmp_path / "secret_keys").stat().st_mode & 0o777 == 0o600


def test_of_many_added_at_once_none_is_lost(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(add_secret, [tmp_path] * 8, [SystemRandomness()] * 8))

    assert sorted(counts) == list(range(2, 10))
    assert len(set(secrets_of_data_dir(tmp_path))) == 9


def test_where_nothing_can_be_written_the_list_stays(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="is not writable"):
        add_secret(Path("/proc/autograph"), SystemRandomness())
