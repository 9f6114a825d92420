# Throwaway PostgreSQL servers; sourced by the other scripts. Never touches a cluster of the system.
#
# A server lives in one folder: data, socket, log, and a private installation of the extension. It
# listens on the socket in that folder only, so that any number of them run side by side, and only
# its owner may connect, because there is no password. As root, everything of the server runs as the
# user postgres.

PG_MAJOR=${PG_MAJOR:-15}
PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/$PG_MAJOR/bin/pg_config}
[ -x "$PG_CONFIG" ] || PG_CONFIG=pg_config
export PG_CONFIG

# Runs a command as the server's user, in a folder that this user can enter.
cluster_run() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
    else
        (cd / && "$@")
    fi
}

# cluster_new: makes a folder for a server and prints its path, which is short enough for a socket.
cluster_new() {
    local folder
    folder=$(mktemp -d "${1:-/tmp/ecom.XXXXXX}")
    chmod 755 "$folder"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$folder"
    echo "$folder"
}

# cluster_install FOLDER SOURCE: installs the built extension of SOURCE for the server in FOLDER.
cluster_install() {
    (umask 022 && make -s -C "$2" PG_CONFIG="$PG_CONFIG" DESTDIR="$1/inst" install)
}

# cluster_init FOLDER [LINE...]: makes the data folder; LINEs go into postgresql.conf.
cluster_init() {
    local folder=$1 bin
    shift
    bin=$("$PG_CONFIG" --bindir)
    cluster_run "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --no-locale -N \
        > "$folder/initdb.log"
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$folder'"
        echo "unix_socket_permissions = 0700"
        echo "extension_destdir = '$folder/inst'"
        echo "dynamic_library_path = '$folder/inst$("$PG_CONFIG" --pkglibdir):\$libdir'"
        echo "wal_level = minimal"
        echo "max_wal_senders = 0"
        echo "fsync = off"
        echo "synchronous_commit = off"
        echo "full_page_writes = off"
        printf '%s\n' "$@"
    } >> "$folder/data/postgresql.conf"
}

# cluster_start FOLDER: starts the server and points this shell's PostgreSQL programs at it.
cluster_start() {
    cluster_run "$("$PG_CONFIG" --bindir)/pg_ctl" -D "$1/data" -l "$1/log" -w -s start < /dev/null
    export PGHOST=$1 PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    unset PGSERVICE PGHOSTADDR PGPASSWORD PGOPTIONS
}

# cluster_stop FOLDER: stops the server if it runs, whatever its clients are doing.
cluster_stop() {
    local bin
    bin=$("$PG_CONFIG" --bindir)
    if [ -f "$1/data/postmaster.pid" ]; then
        cluster_run "$bin/pg_ctl" -D "$1/data" -m fast -t 20 -w -s stop ||
            cluster_run "$bin/pg_ctl" -D "$1/data" -m immediate -w -s stop || true
    fi
}

# cluster_remove FOLDER: stops the server and deletes all of it.
cluster_remove() {
    cluster_stop "$1"
    rm -rf "$1"
}
