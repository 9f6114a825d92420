// ecom.state: the C++ state of an aggregate as a PostgreSQL value.
//
// While an aggregate runs, the value is an expanded object whose context is a child of the
// aggregate's context: the executor then keeps the pointer instead of copying the value, and
// the C++ object is deleted with that context, however the query ends. Whenever the value travels
// (parallel workers, Citus shards, tables) PostgreSQL asks for it flat, and gets the bytes of
// core::encode_state.
//
// The transition functions may rely on the aggregate's context and on their arguments only:
// neither fn_extra nor the aggregate's parse node exist when Citus runs them on a shard.
#pragma once

#include <memory>
#include <typeinfo>

#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "pg/args.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"

extern "C" {
#include "utils/expandeddatum.h"
}

namespace ecom::pg {

// Takes the state into an expanded object below `parent` and returns the read-write datum.
Datum make_expanded_state(MemoryContext parent, std::unique_ptr<core::State> state);

// An expanded object of ours. PostgreSQL sees only the header.
struct ExpandedState {
    ExpandedObjectHeader header;
    core::State* state;
    const std::type_info* type;
    std::string* flat;  // bytes between the two calls that flattening takes
};

extern const ExpandedObjectMethods kExpandedStateMethods;

// The object behind a datum, or nullptr when it is none of ours. Runs once per row.
inline ExpandedState* expanded_object(Datum datum) {
    if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum))) return nullptr;
    ExpandedObjectHeader* header = DatumGetEOHP(datum);
    if (header->eoh_methods != &kExpandedStateMethods) return nullptr;
    return reinterpret_cast<ExpandedState*>(header);
}

inline core::State* expanded_state(Datum datum) {
    const ExpandedState* object = expanded_object(datum);
    return object == nullptr ? nullptr : object->state;
}

// The datum as an aggregate returns it: a short-lived pointer to the live object, so that an
// accessor above the aggregate reads it in place. (Before 16 the executor copies, and so flattens,
// every result that was not allocated in the current context.)
Datum result_datum(Datum datum);

// The aggregate's context; error when the function is called by hand.
MemoryContext aggregate_context(FunctionCallInfo fcinfo);

// The transition state in argument 0, ready to be changed, and the datum to return for it.
template <typename S>
struct WritableState {
    S* state;
    Datum datum;
};

// The live state behind a datum, nullptr when the datum is flat; throws kWrongKind for another kind.
template <typename S>
S* live_state(Datum datum) {
    const ExpandedState* object = expanded_object(datum);
    if (object == nullptr) return nullptr;
    if (object->type != &typeid(S) && *object->type != typeid(S))
        core::open_state(core::encode_state(*object->state), S::kKind);
    return static_cast<S*>(object->state);
}

template <typename S>
S decode_state(std::string_view bytes) {
    BackendHost host;
    core::Reader in = core::open_state(bytes, S::kKind, &host);
    return S::decode(in);
}

// `make` builds the empty state for the first row: it is called when argument 0 is NULL.
template <typename S, typename Make>
WritableState<S> writable_state(FunctionCallInfo fcinfo, Make make) {
    if (!fcinfo->args[0].isnull) {
        const Datum datum = fcinfo->args[0].value;
        if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
            if (S* state = live_state<S>(datum)) return {state, datum};
    }
    const MemoryContext context = aggregate_context(fcinfo);
    std::unique_ptr<S> owned;
    if (fcinfo->args[0].isnull) {
        owned = std::make_unique<S>(make());
    } else {
        const Datum datum = fcinfo->args[0].value;
        if (const S* shared = live_state<S>(datum))
            owned = std::make_unique<S>(*shared);
        else
            owned = std::make_unique<S>(decode_state<S>(bytes_arg(datum)));
    }
    S* state = owned.get();
    return {state, make_expanded_state(context, std::move(owned))};
}

// The state in an argument, for reading: the live object where there is one, else a decoded copy.
template <typename S>
class ReadableState {
public:
    ReadableState(FunctionCallInfo fcinfo, int arg) {
        const Datum datum = fcinfo->args[arg].value;
        state_ = live_state<S>(datum);
        if (state_ == nullptr) {
            decoded_ = std::make_unique<S>(decode_state<S>(bytes_arg(datum)));
            state_ = decoded_.get();
        }
    }

    S& operator*() const { return *state_; }
    S* operator->() const { return state_; }

    // The state as one's own: a live object stays whose it is and is copied.
    std::unique_ptr<S> take() && {
        return decoded_ != nullptr ? std::move(decoded_) : std::make_unique<S>(*state_);
    }

private:
    S* state_;
    std::unique_ptr<S> decoded_;
};

// The combine function of any aggregate whose state has merge(other, host).
template <typename S>
Datum combine_states(FunctionCallInfo fcinfo, core::Host& host) {
    if (fcinfo->args[1].isnull) {
        if (fcinfo->args[0].isnull) return fcinfo->isnull = true, static_cast<Datum>(0);
        return fcinfo->args[0].value;
    }
    ReadableState<S> other(fcinfo, 1);
    if (fcinfo->args[0].isnull)
        return make_expanded_state(aggregate_context(fcinfo), std::move(other).take());
    const auto mine = writable_state<S>(fcinfo, [&] { return S(*other); });
    mine.state->merge(*other, host);
    return mine.datum;
}

}  // namespace ecom::pg
