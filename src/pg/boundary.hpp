// Where C++ and PostgreSQL meet: the only file pair that converts errors between the two.
//
// PostgreSQL reports errors by longjmp, which skips C++ destructors; C++ reports them by
// exceptions, which must not pass through C frames. Four rules keep both whole:
//
// 1. Every function that PostgreSQL calls is made by ECOM_FUNCTION, which runs the body in guard().
//    Callbacks that PostgreSQL calls by other routes use guard() themselves.
// 2. C++ code calls a PostgreSQL function that can raise only inside call(). "Can raise" includes
//    palloc, detoasting, ereport of any level (a NOTICE checks for interrupts) and
//    CHECK_FOR_INTERRUPTS.
// 3. Inside the lambda given to call(): captures by reference and trivially destructible locals
//    only, no C++ exception, no container that allocates.
// 4. Our own errors become PostgreSQL errors in one place: at the end of guard(), when every C++
//    object of the body is destroyed and every catch block has ended.
//
// Destructors never call PostgreSQL.
#pragma once

#include <csetjmp>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pg/pg.hpp"

namespace ecom::pg {

// A PostgreSQL error on its way through C++ frames. Not a std::exception, so that no handler of
// the core can swallow it: after an error PostgreSQL allows nothing but raising it again.
struct PgError {
    ErrorData* data;
};

// What is left of an exception when its catch block has ended: plain pointers to palloc'd text.
struct ErrorRecord {
    ErrorData* postgres = nullptr;  // set: raise this again, unchanged
    int sqlstate = 0;
    char* message = nullptr;
    char* detail = nullptr;
    char* hint = nullptr;
};

// Translates the exception being handled. Called inside a catch block; allocates without raising.
ErrorRecord describe_current_exception() noexcept;

// Raises the record. Called when no C++ object with a destructor is alive.
[[noreturn]] void raise(const ErrorRecord& record);

// Runs a body that PostgreSQL called, letting no C++ exception out.
template <typename Body>
auto guard(Body&& body) -> decltype(body()) {
    sigjmp_buf* const exception_stack = PG_exception_stack;
    ErrorContextCallback* const context_stack = error_context_stack;
    ErrorRecord record;
    try {
        return body();
    } catch (...) {
        record = describe_current_exception();
    }
    PG_exception_stack = exception_stack;
    error_context_stack = context_stack;
    raise(record);
}

// Runs a lambda that may raise a PostgreSQL error, and turns the error into PgError.
template <typename F>
auto call(F&& f) -> decltype(f()) {
    using Result = decltype(f());
    static_assert(std::is_trivially_destructible_v<std::remove_reference_t<F>>,
                  "capture by reference only: a longjmp would skip the destructors");
    static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                  "return plain data only: a longjmp would skip the destructor");

    sigjmp_buf* const exception_stack = PG_exception_stack;
    ErrorContextCallback* const context_stack = error_context_stack;
    const MemoryContext context = CurrentMemoryContext;
    sigjmp_buf here;

    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        if constexpr (std::is_void_v<Result>) {
            f();
            PG_exception_stack = exception_stack;
            error_context_stack = context_stack;
            return;
        } else {
            Result result = f();
            PG_exception_stack = exception_stack;
            error_context_stack = context_stack;
            return result;
        }
    }
    PG_exception_stack = exception_stack;
    error_context_stack = context_stack;
    MemoryContextSwitchTo(context);
    ErrorData* data = CopyErrorData();
    FlushErrorState();
    throw PgError{data};
}

}  // namespace ecom::pg

// Defines an SQL-callable function; the body follows in braces and reads `fcinfo`.
#define ECOM_FUNCTION(name)                                                          \
    static Datum name##_body(FunctionCallInfo fcinfo);                               \
    extern "C" {                                                                     \
    PG_FUNCTION_INFO_V1(name);                                                       \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) {                                       \
        return ecom::pg::guard([&]() -> Datum { return name##_body(fcinfo); });      \
    }                                                                                \
    }                                                                                \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
