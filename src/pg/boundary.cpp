#include "pg/boundary.hpp"

#include <cstring>
#include <new>
#include <stdexcept>

#include "core/base/error.hpp"

namespace ecom::pg {
namespace {

int sqlstate_of(core::ErrorCode code) {
    switch (code) {
        case core::ErrorCode::kInvalidArgument: return ERRCODE_INVALID_PARAMETER_VALUE;
        case core::ErrorCode::kNonFiniteInput: return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
        case core::ErrorCode::kNotEnoughData: return ERRCODE_DATA_EXCEPTION;
        case core::ErrorCode::kNumericFailure: return ERRCODE_DATA_EXCEPTION;
        case core::ErrorCode::kLimitExceeded: return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
        case core::ErrorCode::kCorruptValue: return ERRCODE_DATA_CORRUPTED;
        case core::ErrorCode::kWrongKind: return ERRCODE_DATATYPE_MISMATCH;
    }
    return ERRCODE_INTERNAL_ERROR;
}

// A copy that PostgreSQL owns, or nullptr for empty text or when memory is short.
char* copy_text(std::string_view text) noexcept {
    constexpr std::size_t kLongest = 8192;
    const std::size_t length = std::min(text.size(), kLongest);
    if (length == 0) return nullptr;
    auto* copy = static_cast<char*>(
        MemoryContextAllocExtended(CurrentMemoryContext, length + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) return nullptr;
    std::memcpy(copy, text.data(), length);
    copy[length] = '\0';
    return copy;
}

ErrorRecord own_error(int sqlstate, std::string_view message) noexcept {
    ErrorRecord record;
    record.sqlstate = sqlstate;
    record.message = copy_text(message);
    return record;
}

}  // namespace

ErrorRecord describe_current_exception() noexcept {
    try {
        throw;
    } catch (const PgError& e) {
        ErrorRecord record;
        record.postgres = e.data;
        return record;
    } catch (const core::Error& e) {
        ErrorRecord record = own_error(sqlstate_of(e.code()), e.what());
        record.detail = copy_text(e.detail());
        record.hint = copy_text(e.hint());
        return record;
    } catch (const std::bad_alloc&) {
        return own_error(ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::length_error&) {
        return own_error(ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::domain_error& e) {
        return own_error(ERRCODE_INVALID_PARAMETER_VALUE, e.what());
    } catch (const std::invalid_argument& e) {
        return own_error(ERRCODE_INVALID_PARAMETER_VALUE, e.what());
    } catch (const std::range_error& e) {
        return own_error(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, e.what());
    } catch (const std::overflow_error& e) {
        return own_error(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, e.what());
    } catch (const std::exception& e) {
        return own_error(ERRCODE_INTERNAL_ERROR, e.what());
    } catch (...) {
        return own_error(ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
    }
}

void raise(const ErrorRecord& record) {
    if (record.postgres != nullptr) ReThrowError(record.postgres);
    const char* message = record.message != nullptr ? record.message : "error without message";
    ereport(ERROR, (errcode(record.sqlstate),
                    record.sqlstate == ERRCODE_INTERNAL_ERROR
                        ? errmsg_internal("internal error: %s", message)
                        : errmsg_internal("%s", message),
                    record.detail != nullptr ? errdetail_internal("%s", record.detail) : 0,
                    record.hint != nullptr ? errhint("%s", record.hint) : 0));
    pg_unreachable();
}

}  // namespace ecom::pg
