#include "pg/query_reader.hpp"

#include "core/base/error.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "tcop/dest.h"
}

namespace ecom::pg {
namespace {

struct Receiver {
    DestReceiver callbacks;  // first: PostgreSQL sees only this
    RowTarget* target;
};

void start(DestReceiver* self, int, TupleDesc descriptor) {
    guard([&] { reinterpret_cast<Receiver*>(self)->target->start(descriptor); });
}

bool receive(TupleTableSlot* slot, DestReceiver* self) {
    slot_getallattrs(slot);
    return guard([&] {
        reinterpret_cast<Receiver*>(self)->target->take(slot->tts_values, slot->tts_isnull);
        return true;
    });
}

void nothing(DestReceiver*) {}

}  // namespace

void read_query(const Session&, const std::string& sql, RowTarget& target) {
    Receiver receiver{};
    receiver.callbacks.receiveSlot = receive;
    receiver.callbacks.rStartup = start;
    receiver.callbacks.rShutdown = nothing;
    receiver.callbacks.rDestroy = nothing;
    // Any kind but DestNone, for which SPI reports a utility command instead of a SELECT.
    receiver.callbacks.mydest = DestTuplestore;
    receiver.target = &target;
    const int code = call([&] {
        SPIExecuteOptions options{};
        options.read_only = true;
        options.must_return_tuples = true;
        options.dest = &receiver.callbacks;
        return SPI_execute_extended(sql.c_str(), &options);
    });
    if (code != SPI_OK_SELECT)
        throw core::Error(core::ErrorCode::kInvalidArgument, "text is not a query that returns rows",
                          "Pass one SELECT.");
}

}  // namespace ecom::pg
