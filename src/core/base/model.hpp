// What every fitted estimator of every family is, and how it is stored.
//
// Bytes of a stored model (all little endian):
//     4  magic "ECMD"
//     1  format version
//     3  zero
//     8  CRC-64/XZ of the payload
//     n  payload: a Document {kind, version, body}
//
// Format versions
//     1  release 1.0.0
//
// The JSON form carries the same three fields and the checksum of the bytes that it stands for, so
// that a text edited by hand is refused instead of scored.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/document.hpp"

namespace ecom::core {

class Model {
public:
    virtual ~Model() = default;

    // The family's name of this kind of model, e.g. "quantile_bins"; a stable part of the format.
    virtual std::string_view kind() const = 0;

    // Version of the body's layout, raised when a field is added or changes meaning.
    virtual int version() const = 0;

    // The whole model: decoding it gives an equal model.
    virtual Document body() const = 0;

    // A few lines for a person: what was fitted, on how many rows, with what parameters.
    virtual Document summary() const = 0;
};

// Decodes a body of one kind; throws kCorruptValue when the fields contradict each other.
using ModelDecoder = std::unique_ptr<Model> (*)(const Document& body, int version);

// Finds the decoder of a kind, or nullptr. The list of all kinds is catalog/models.hpp; it is
// passed in, because this file knows no family.
using ModelRegistry = ModelDecoder (*)(std::string_view kind);

constexpr std::size_t kModelHeaderBytes = 16;

std::string encode_model(const Model& model);
std::unique_ptr<Model> decode_model(std::string_view bytes, ModelRegistry registry);

// The header alone, without reading the payload: identifies equal models cheaply.
std::uint64_t model_checksum(std::string_view bytes);

std::string model_to_json(const Model& model);
std::unique_ptr<Model> model_from_json(std::string_view text, ModelRegistry registry);

// {kind, format_version, version, bytes, checksum, ...summary}
Document describe_model(std::string_view bytes, ModelRegistry registry);

// The model as the type that a scoring function needs; throws kWrongKind with both names.
template <typename M>
const M& model_as(const Model& model) {
    if (const auto* typed = dynamic_cast<const M*>(&model)) return *typed;
    throw Error(ErrorCode::kWrongKind,
                "model is of kind \"" + std::string(model.kind()) + "\", not \"" +
                    std::string(M::kKind) + "\"",
                "Pass a model that was fitted for this function; ecom.model_info(model) shows "
                "what a model is.");
}

}  // namespace ecom::core
