#include "pg/call_site.hpp"

#include "core/catalog/models.hpp"
#include "pg/args.hpp"

namespace ecom::pg {
namespace {

// Bytes that two values share only if they are the same model, read without detoasting or hashing
// a megabyte per row:
//   stored out of line      the toast pointer, which names the stored value
//   small or compressed     the whole value
//   large and inline        its size and header, which holds a 64-bit checksum of the rest
std::string_view identity_of(const struct varlena* value) {
    constexpr std::size_t kSmall = 256;
    const auto* bytes = reinterpret_cast<const char*>(value);
    const std::size_t size = VARSIZE_ANY(value);
    if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value) || size <= kSmall)
        return {bytes, size};
    const auto header = static_cast<std::size_t>(VARDATA_ANY(value) - bytes);
    return {bytes, header + core::kModelHeaderBytes};
}

}  // namespace

CallSite& CallSite::of(FunctionCallInfo fcinfo) {
    FmgrInfo* const function = fcinfo->flinfo;
    if (function->fn_extra == nullptr)
        function->fn_extra = own_by_context(function->fn_mcxt, std::make_unique<CallSite>());
    return *static_cast<CallSite*>(function->fn_extra);
}

CallSite::CachedModel& CallSite::slot(int arg) {
    const auto i = static_cast<std::size_t>(arg);
    if (models_.size() <= i) models_.resize(i + 1);
    return models_[i];
}

const core::Model& CallSite::model(FunctionCallInfo fcinfo, int arg) {
    CachedModel& cached = slot(arg);
    const auto* value = reinterpret_cast<const struct varlena*>(
        DatumGetPointer(fcinfo->args[arg].value));
    const std::string_view identity = identity_of(value);
    if (cached.model == nullptr || cached.identity != identity) {
        cached.model = nullptr;
        cached.model =
            core::decode_model(bytes_arg(fcinfo->args[arg].value), core::find_model_decoder);
        cached.identity = identity;
        ++decodes_;
    }
    return *cached.model;
}

TupleDesc CallSite::row_type(FunctionCallInfo fcinfo) {
    if (row_type_ == nullptr)
        row_type_ = call([&] {
            TupleDesc descriptor;
            if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
                elog(ERROR, "function does not return a row type");
            const MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
            TupleDesc kept = BlessTupleDesc(CreateTupleDescCopy(descriptor));
            MemoryContextSwitchTo(previous);
            return kept;
        });
    return row_type_;
}

}  // namespace ecom::pg
