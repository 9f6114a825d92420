// Reading numbers and times out of text without an error for what cannot be read: a loader keeps
// such rows and says why, it does not stop at them.
#include <cstdlib>
#include <cstring>
#include <string>

#include "pg/args.hpp"
#include "pg/results.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

using namespace ecom::pg;

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return text.size() == lower.size() && strncasecmp(text.data(), lower.data(), lower.size()) == 0;
}

// Decimal digits with an optional sign, point and exponent: the forms that numeric_in accepts, and
// short enough that it cannot overflow.
bool is_number(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    if (text.empty() || text.size() > kLongest) return false;
    std::size_t i = text[0] == '+' || text[0] == '-' ? 1 : 0;
    std::size_t digits = 0;
    const auto skip_digits = [&] {
        std::size_t n = 0;
        for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) ++n;
        return n;
    };
    digits += skip_digits();
    if (i < text.size() && text[i] == '.') {
        ++i;
        digits += skip_digits();
    }
    if (digits == 0) return false;
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
        const std::size_t exponent_digits = skip_digits();
        if (exponent_digits == 0 || exponent_digits > 3) return false;
    }
    return i == text.size();
}

bool is_special_number(std::string_view text) {
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    return equals_ignoring_case(text, "nan") || equals_ignoring_case(text, "inf") ||
           equals_ignoring_case(text, "infinity");
}

}  // namespace

// (text) returns numeric, strict: NULL for what is not a number
ECOM_FUNCTION(ecom_try_numeric) {
    const std::string value(trimmed(bytes_arg(PG_GETARG_DATUM(0))));
    if (!is_number(value) && !is_special_number(value)) PG_RETURN_NULL();
    if (equals_ignoring_case(value, "+nan") || equals_ignoring_case(value, "-nan")) PG_RETURN_NULL();
    return call([&] {
        return DirectFunctionCall3(numeric_in, CStringGetDatum(value.c_str()),
                                   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    });
}

// (text) returns timestamp, strict: NULL for what is not a date or a time stamp in the session's
// DateStyle. A zone in the text is ignored, as in a cast to timestamp. Words that read the clock
// (now, today) are not times of an order and give NULL.
ECOM_FUNCTION(ecom_try_timestamp) {
    const std::string value(trimmed(bytes_arg(PG_GETARG_DATUM(0))));
    const bool has_digit = value.find_first_of("0123456789") != std::string::npos;
    if (!has_digit && !equals_ignoring_case(value, "infinity") &&
        !equals_ignoring_case(value, "-infinity"))
        PG_RETURN_NULL();

    Timestamp result = 0;
    const bool read = call([&] {
        char work[MAXDATELEN + MAXDATEFIELDS];
        char* field[MAXDATEFIELDS];
        int field_type[MAXDATEFIELDS];
        int fields;
        int kind;
        int zone;
        struct pg_tm tm;
        fsec_t fraction;
        if (ParseDateTime(value.c_str(), work, sizeof work, field, field_type, MAXDATEFIELDS,
                          &fields) != 0)
            return false;
        if (decode_date_time(field, field_type, fields, &kind, &tm, &fraction, &zone) != 0)
            return false;
        switch (kind) {
            case DTK_DATE: return tm2timestamp(&tm, fraction, nullptr, &result) == 0;
            case DTK_LATE: TIMESTAMP_NOEND(result); return true;
            case DTK_EARLY: TIMESTAMP_NOBEGIN(result); return true;
            default: return false;
        }
    });
    if (!read) PG_RETURN_NULL();
    PG_RETURN_TIMESTAMP(result);
}
