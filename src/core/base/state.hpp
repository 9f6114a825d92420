// An aggregate's state as a value that can be stored, sent to another process, and merged.
//
// Bytes (little endian): 4 magic "ECST", 1 format version, u32 length and text of the kind, payload.
// No checksum: states mostly live for the length of one query, and every decoder checks lengths
// and meaning.
#pragma once

#include <string>
#include <string_view>

#include "core/base/codec.hpp"

namespace ecom::core {

class State {
public:
    virtual ~State() = default;
    virtual std::string_view kind() const = 0;
    virtual void encode(Writer& out) const = 0;
};

// The host, where one is given, may stop the coding of a large state.
std::string encode_state(const State& state, Host* host = nullptr);

// The kind that the header names; throws kCorruptValue for bytes that are not a state.
std::string_view state_kind(std::string_view bytes);

// A reader of the payload; throws kWrongKind when the state is of another kind than `kind`.
Reader open_state(std::string_view bytes, std::string_view kind, Host* host = nullptr);

}  // namespace ecom::core
