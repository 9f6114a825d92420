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
    const std::vector<Oid>* types;
    RowTarget* target;
};

void start(DestReceiver* self, int, TupleDesc descriptor) {
    guard([&] {
        const std::vector<Oid>& types = *reinterpret_cast<Receiver*>(self)->types;
        bool equal = descriptor->natts == static_cast<int>(types.size());
        for (int i = 0; equal && i < descriptor->natts; ++i)
            equal = TupleDescAttr(descriptor, i)->atttypid == types[static_cast<std::size_t>(i)];
        if (!equal)
            throw core::Error(core::ErrorCode::kWrongKind,
                              "query does not return the columns that were asked for",
                              "Cast its columns to the types that the function names.");
    });
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

void read_query(const Session&, const std::string& sql, const std::vector<Oid>& types,
                RowTarget& target) {
    Receiver receiver{};
    receiver.callbacks.receiveSlot = receive;
    receiver.callbacks.rStartup = start;
    receiver.callbacks.rShutdown = nothing;
    receiver.callbacks.rDestroy = nothing;
    receiver.callbacks.mydest = DestNone;
    receiver.types = &types;
    receiver.target = &target;
    call([&] {
        SPIExecuteOptions options{};
        options.read_only = true;
        options.must_return_tuples = true;
        options.dest = &receiver.callbacks;
        const int code = SPI_execute_extended(sql.c_str(), &options);
        if (code < 0) elog(ERROR, "SPI_execute_extended failed: %d", code);
    });
}

}  // namespace ecom::pg
