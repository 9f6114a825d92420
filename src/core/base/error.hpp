// The one exception type that the core throws on purpose.
//
// The boundary (src/pg/boundary.hpp) turns each code into a SQLSTATE; hint and detail reach the
// user unchanged. Messages follow PostgreSQL's style: lower case, no full stop, values in quotes.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace ecom::core {

enum class ErrorCode {
    kInvalidArgument,   // 22023: a parameter has no meaning
    kNonFiniteInput,    // 22003: NaN, infinity, or a value outside the supported range
    kNotEnoughData,     // 22000: too few rows for the estimate that was asked for
    kNumericFailure,    // 22000: singular, not converged
    kLimitExceeded,     // 54000: more memory than ecom_analytics.memory_limit allows
    kCorruptValue,      // XX001: a stored model or state that does not decode
    kWrongKind,         // 42804: a valid model or state, of another kind than this call needs
};

class Error : public std::runtime_error {
public:
    Error(ErrorCode code, const std::string& message, std::string hint = {}, std::string detail = {})
        : std::runtime_error(message),
          code_(code),
          hint_(std::move(hint)),
          detail_(std::move(detail)) {}

    ErrorCode code() const noexcept { return code_; }
    const std::string& hint() const noexcept { return hint_; }
    const std::string& detail() const noexcept { return detail_; }

private:
    ErrorCode code_;
    std::string hint_;
    std::string detail_;
};

}  // namespace ecom::core
