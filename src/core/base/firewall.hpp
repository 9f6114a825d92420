// Included last by every .cpp file of the core: the core must compile without PostgreSQL.
// (Headers of the core cannot carry this check, because the glue includes them after the server's.)
#if defined(POSTGRES_H)
#error "src/core must not include PostgreSQL headers"
#endif
