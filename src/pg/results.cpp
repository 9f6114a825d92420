#include "pg/results.hpp"

#include <cstring>

#include "core/base/error.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"
}

namespace ecom::pg {

Datum varlena_datum(std::string_view bytes) {
    constexpr std::size_t kLargest = MaxAllocSize - VARHDRSZ;
    if (bytes.size() > kLargest)
        throw core::Error(core::ErrorCode::kLimitExceeded,
                          "value of " + std::to_string(bytes.size() >> 20) +
                              " MB is larger than the 1 GB that PostgreSQL can store");
    return call([&] {
        auto* value = static_cast<struct varlena*>(palloc(bytes.size() + VARHDRSZ));
        SET_VARSIZE(value, bytes.size() + VARHDRSZ);
        std::memcpy(VARDATA(value), bytes.data(), bytes.size());
        return PointerGetDatum(value);
    });
}

Datum jsonb_datum(const char* json) {
    return call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(json)); });
}

RowSink::RowSink(FunctionCallInfo fcinfo) {
    call([&] { InitMaterializedSRF(fcinfo, 0); });
    info_ = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
}

}  // namespace ecom::pg
