"""What every test may ask for."""

pytest_plugins = [
    "tests.support.servers",
    "tests.support.clock",
    "tests.support.entropy",
    "tests.support.mailbox",
    "tests.support.app",
    "tests.support.watching",
    "tests.support.live_server",
    "tests.support.figures",
    "tests.support.collector",
    "tests.support.several_servers",
    "tests.support.sentinel",
    "tests.support.postgres_pair",
]
