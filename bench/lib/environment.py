"""What the figures were measured on and with."""

import datetime
import os
import pathlib
import platform

SETTINGS = ("shared_buffers", "work_mem", "maintenance_work_mem", "jit", "fsync", "autovacuum",
            "max_parallel_workers", "ecom_analytics.memory_limit", "ecom_analytics.max_threads")
PEER_MODULES = ("numpy", "pandas", "sqlalchemy", "psycopg2")


def field(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def facts(server):
    """Machine, versions and settings, as a dictionary of texts."""
    # The library is loaded before its settings are read.
    server.rows("load 'ecom_analytics'")
    memory_gb = int(field("/proc/meminfo", "MemTotal").split()[0]) / 1024**2
    modules = {name: __import__(name).__version__.split()[0] for name in PEER_MODULES}
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, {memory_gb:.0f} GB, "
                   f"{platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.2f} (average of the last minute; above 0.2 the machine is not quiet)",
        "server": server.value("select version()").split(" on ")[0],
        "extension": server.value("select extversion from pg_extension where extname = 'ecom_analytics'"),
        "peers": f"Python {platform.python_version()}, " + ", ".join(f"{k} {v}" for k, v in modules.items()),
        "settings": ", ".join(f"{name} = {server.setting(name)}" for name in SETTINGS),
    }
