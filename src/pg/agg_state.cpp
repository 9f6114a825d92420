#include "pg/agg_state.hpp"

#include <algorithm>
#include <cstring>

#include "pg/host.hpp"

namespace ecom::pg {
namespace {

struct OwnedParts {
    std::unique_ptr<core::State> state;
    std::string flat;
};

Size flat_size(ExpandedObjectHeader* header) {
    return guard([&]() -> Size {
        auto* object = reinterpret_cast<ExpandedState*>(header);
        BackendHost host;
        *object->flat = core::encode_state(*object->state, &host);
        if (object->flat->size() > MaxAllocSize - VARHDRSZ)
            throw core::Error(core::ErrorCode::kLimitExceeded,
                              "aggregate state is larger than the 1 GB that PostgreSQL can move",
                              "Aggregate fewer rows at a time, or without parallel workers.");
        return object->flat->size() + VARHDRSZ;
    });
}

void flatten_into(ExpandedObjectHeader* header, void* result, Size allocated_size) {
    auto* object = reinterpret_cast<ExpandedState*>(header);
    Assert(allocated_size == object->flat->size() + VARHDRSZ);
    SET_VARSIZE(static_cast<struct varlena*>(result), allocated_size);
    guard([&] {
        BackendHost host;
        constexpr std::size_t kPiece = std::size_t{1} << 20;
        const std::string& flat = *object->flat;
        for (std::size_t done = 0; done < flat.size(); done += kPiece) {
            host.poll();
            std::memcpy(static_cast<char*>(result) + VARHDRSZ + done, flat.data() + done,
                        std::min(kPiece, flat.size() - done));
        }
        std::string().swap(*object->flat);
    });
}

// A context for each state would cost a kilobyte, and a hash aggregate walks all contexts below its own at every new
// group. The states below one parent share theirs, which goes with the parent. That is safe because nobody deletes or
// moves a single state: the transition functions return the object that they were given, and results are read-only.
MemoryContext shared_context(MemoryContext parent) {
    static const char* const name = "ecom.state";
    constexpr int kNewest = 8;  // children come newest first; another context is no harm
    int looked_at = 0;
    for (MemoryContext child = parent->firstchild; child != nullptr && looked_at < kNewest;
         child = child->nextchild, ++looked_at)
        if (child->name == name) return child;
    return call([&] { return AllocSetContextCreateInternal(parent, name, ALLOCSET_SMALL_SIZES); });
}

}  // namespace

const ExpandedObjectMethods kExpandedStateMethods = {flat_size, flatten_into};

Datum make_expanded_state(MemoryContext parent, std::unique_ptr<core::State> state) {
    const MemoryContext context = shared_context(parent);
    auto* object = call([&] {
        auto* made =
            static_cast<ExpandedState*>(MemoryContextAllocZero(context, sizeof(ExpandedState)));
        EOH_init_header(&made->header, &kExpandedStateMethods, context);
        return made;
    });
    auto parts = std::make_unique<OwnedParts>();
    parts->state = std::move(state);
    OwnedParts* owned = own_by_context(context, std::move(parts));
    object->state = owned->state.get();
    object->type = &typeid(*object->state);
    object->flat = &owned->flat;
    return EOHPGetRWDatum(&object->header);
}

Datum result_datum(Datum datum) {
    if (expanded_state(datum) == nullptr) return datum;
    return call([&] {
        void* pointer = palloc(EXPANDED_POINTER_SIZE);
        std::memcpy(pointer, DatumGetEOHP(datum)->eoh_ro_ptr, EXPANDED_POINTER_SIZE);
        return PointerGetDatum(pointer);
    });
}

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
    MemoryContext context;
    if (AggCheckCallContext(fcinfo, &context)) return context;
    throw core::Error(core::ErrorCode::kInvalidArgument,
                      "transition function called outside an aggregate",
                      "Call the aggregate itself.");
}

}  // namespace ecom::pg
