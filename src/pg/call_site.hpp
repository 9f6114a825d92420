// What one call site of a function keeps between rows: decoded models and the row type.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/model.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {

// Owns `object` through a memory context: it is deleted when the context is reset or deleted,
// however the query ends.
template <typename T>
T* own_by_context(MemoryContext context, std::unique_ptr<T> object) {
    auto* callback = call([&] {
        return static_cast<MemoryContextCallback*>(
            MemoryContextAllocZero(context, sizeof(MemoryContextCallback)));
    });
    callback->func = [](void* p) { delete static_cast<T*>(p); };
    callback->arg = object.get();
    MemoryContextRegisterResetCallback(context, callback);
    return object.release();
}

class CallSite {
public:
    // The call site's record, made at its first row. Where PostgreSQL keeps nothing between rows
    // (a fresh FmgrInfo per row) it is made per row: slower, never wrong.
    static CallSite& of(FunctionCallInfo fcinfo);

    // The model in argument `arg`, decoded at the first row and again only when the value changes.
    // Throws kCorruptValue for a value that does not decode.
    const core::Model& model(FunctionCallInfo fcinfo, int arg);

    // How often a model was decoded here: what a caller derived from a model holds while this stands still.
    std::uint64_t decodes() const { return decodes_; }

    // What a caller keeps here between rows; one type a call site.
    template <typename T>
    T& kept() {
        if (kept_ == nullptr) kept_ = std::make_shared<T>();
        return *static_cast<T*>(kept_.get());
    }

    // A model that is made from another argument, such as the name of a built-in one: made at the
    // first row and again only when `source`, the argument's value, changes.
    template <typename Make>
    const core::Model& made_model(int arg, std::string_view source, Make make) {
        CachedModel& cached = slot(arg);
        if (cached.model == nullptr || cached.identity != source) {
            cached.model = make();
            cached.identity = source;
        }
        return *cached.model;
    }

    // The blessed descriptor of the composite type that the function returns.
    TupleDesc row_type(FunctionCallInfo fcinfo);

private:
    struct CachedModel {
        std::string identity;  // see identity_of in call_site.cpp
        std::unique_ptr<core::Model> model;
    };

    CachedModel& slot(int arg);

    std::vector<CachedModel> models_;  // by argument number
    TupleDesc row_type_ = nullptr;
    std::uint64_t decodes_ = 0;
    std::shared_ptr<void> kept_;
};

template <typename M>
const M& model_arg(FunctionCallInfo fcinfo, int arg) {
    return core::model_as<M>(CallSite::of(fcinfo).model(fcinfo, arg));
}

}  // namespace ecom::pg
