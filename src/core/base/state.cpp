#include "core/base/state.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::string_view kMagic = "ECST";
constexpr std::uint8_t kFormatVersion = 1;

std::string_view read_header(Reader& in) {
    if (in.raw(kMagic.size()) != kMagic) Reader::corrupt();
    if (in.u8() != kFormatVersion)
        throw Error(ErrorCode::kCorruptValue, "aggregate state has an unknown format version",
                    "Update the extension on this server, or aggregate again.");
    return in.string();
}

}  // namespace

std::string encode_state(const State& state, Host* host) {
    Writer out(host);
    out.raw(kMagic);
    out.u8(kFormatVersion);
    out.string(state.kind());
    state.encode(out);
    return out.take();
}

std::string_view state_kind(std::string_view bytes) {
    Reader in(bytes);
    return read_header(in);
}

Reader open_state(std::string_view bytes, std::string_view kind, Host* host) {
    Reader in(bytes, host);
    const std::string_view actual = read_header(in);
    if (actual != kind)
        throw Error(ErrorCode::kWrongKind,
                    "aggregate state is of kind \"" + std::string(actual) + "\", not \"" +
                        std::string(kind) + "\"",
                    "Pass the result of the aggregate that this function belongs to.");
    return in;
}

}  // namespace ecom::core
