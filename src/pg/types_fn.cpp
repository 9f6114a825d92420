// Input and output of the types ecom.model and ecom.state.
#include <cstring>

#include "core/base/json.hpp"
#include "core/catalog/models.hpp"
#include "pg/agg_state.hpp"
#include "pg/results.hpp"

extern "C" {
#include "libpq/pqformat.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

Datum cstring_datum(const std::string& value) {
    return call([&] { return CStringGetDatum(pstrdup(value.c_str())); });
}

std::string_view received_bytes(FunctionCallInfo fcinfo) {
    auto* buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    const int length = buffer->len - buffer->cursor;
    return {call([&] { return pq_getmsgbytes(buffer, length); }),
            static_cast<std::size_t>(length)};
}

Datum send_bytes(std::string_view bytes) {
    return call([&] {
        StringInfoData buffer;
        pq_begintypsend(&buffer);
        pq_sendbytes(&buffer, bytes.data(), static_cast<int>(bytes.size()));
        return PointerGetDatum(pq_endtypsend(&buffer));
    });
}

std::string model_json(FunctionCallInfo fcinfo) {
    return core::model_to_json(
        *core::decode_model(bytes_arg(PG_GETARG_DATUM(0)), core::find_model_decoder));
}

// The bytes of a state, whether it is flat or the live object of a running aggregate.
std::string state_bytes(Datum datum) {
    if (const core::State* state = expanded_state(datum)) return core::encode_state(*state);
    return std::string(bytes_arg(datum));
}

}  // namespace

ECOM_FUNCTION(ecom_model_in) {
    const auto model =
        core::model_from_json(PG_GETARG_CSTRING(0), core::find_model_decoder);
    return varlena_datum(core::encode_model(*model));
}

ECOM_FUNCTION(ecom_model_out) { return cstring_datum(model_json(fcinfo)); }

ECOM_FUNCTION(ecom_model_recv) {
    // Decoded and encoded again: what is stored is always canonical.
    const auto model = core::decode_model(received_bytes(fcinfo), core::find_model_decoder);
    return varlena_datum(core::encode_model(*model));
}

ECOM_FUNCTION(ecom_model_send) { return send_bytes(bytes_arg(PG_GETARG_DATUM(0))); }

ECOM_FUNCTION(ecom_model_to_jsonb) { return jsonb_datum(model_json(fcinfo).c_str()); }

ECOM_FUNCTION(ecom_model_info) {
    const core::Document info =
        core::describe_model(bytes_arg(PG_GETARG_DATUM(0)), core::find_model_decoder);
    return jsonb_datum(core::to_json(info).c_str());
}

// Text form of a state: its bytes in hexadecimal, as bytea prints them. Exact, and the form in
// which Citus moves partial aggregates.
ECOM_FUNCTION(ecom_state_in) {
    const char* text = PG_GETARG_CSTRING(0);
    const std::size_t length = std::strlen(text);
    if (length < 2 || text[0] != '\\' || text[1] != 'x' || length % 2 != 0) core::Reader::corrupt();
    std::string bytes((length - 2) / 2, '\0');
    call([&] { hex_decode(text + 2, length - 2, bytes.data()); });
    core::state_kind(bytes);
    return varlena_datum(bytes);
}

ECOM_FUNCTION(ecom_state_out) {
    const std::string bytes = state_bytes(PG_GETARG_DATUM(0));
    return call([&] {
        auto* text = static_cast<char*>(palloc_extended(2 * bytes.size() + 3, MCXT_ALLOC_HUGE));
        text[0] = '\\';
        text[1] = 'x';
        hex_encode(bytes.data(), bytes.size(), text + 2);
        text[2 * bytes.size() + 2] = '\0';
        return CStringGetDatum(text);
    });
}

// Final function of the aggregates that return their state.
ECOM_FUNCTION(ecom_state_final) { return result_datum(PG_GETARG_DATUM(0)); }

ECOM_FUNCTION(ecom_state_recv) {
    const std::string_view bytes = received_bytes(fcinfo);
    core::state_kind(bytes);
    return varlena_datum(bytes);
}

ECOM_FUNCTION(ecom_state_send) { return send_bytes(state_bytes(PG_GETARG_DATUM(0))); }
