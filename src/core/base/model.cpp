#include "core/base/model.hpp"

#include <cinttypes>
#include <cstdio>

#include "core/base/checksum.hpp"
#include "core/base/json.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::string_view kMagic = "ECMD";
constexpr std::uint8_t kFormatVersion = 1;

std::string payload_of(const Model& model) {
    Writer out;
    Document::object()
        .set("kind", Document(std::string(model.kind())))
        .set("version", Document(static_cast<std::int64_t>(model.version())))
        .set("body", model.body())
        .encode(out);
    return out.take();
}

std::string hex(std::uint64_t v) {
    char buffer[17];
    std::snprintf(buffer, sizeof buffer, "%016" PRIx64, v);
    return buffer;
}

struct Envelope {
    int format_version;
    std::uint64_t checksum;
    Document payload;
};

struct Header {
    int format_version;
    std::uint64_t checksum;
};

Header read_header(Reader& in) {
    if (in.raw(kMagic.size()) != kMagic) Reader::corrupt();
    Header header{};
    header.format_version = in.u8();
    if (header.format_version != kFormatVersion)
        throw Error(ErrorCode::kCorruptValue,
                    "model has format version " + std::to_string(header.format_version) +
                        ", this release reads " + std::to_string(kFormatVersion),
                    "Update the extension on this server, or fit the model again.");
    if (in.raw(3) != std::string_view("\0\0\0", 3)) Reader::corrupt();
    header.checksum = in.u64();
    return header;
}

Envelope open(std::string_view bytes) {
    Reader in(bytes);
    const Header header = read_header(in);
    const std::string_view payload = bytes.substr(bytes.size() - in.remaining());
    if (checksum64(payload) != header.checksum) Reader::corrupt();
    Envelope envelope{header.format_version, header.checksum, Document::decode(in)};
    in.expect_end();
    return envelope;
}

std::unique_ptr<Model> decode_payload(const Document& payload, ModelRegistry registry) {
    const std::string& kind = payload.at("kind").as_string();
    const ModelDecoder decode = registry(kind);
    if (decode == nullptr)
        throw Error(ErrorCode::kCorruptValue, "model is of unknown kind \"" + kind + "\"",
                    "Update the extension on this server, or fit the model again.");
    const std::int64_t version = payload.at("version").as_int();
    if (version < 1 || version > 1000) Reader::corrupt();
    auto model = decode(payload.at("body"), static_cast<int>(version));
    // Read as the older layout, a later one could score wrongly instead of failing.
    if (version > model->version())
        throw Error(ErrorCode::kCorruptValue,
                    "model of kind \"" + kind + "\" has version " + std::to_string(version) +
                        ", this release reads up to " + std::to_string(model->version()),
                    "Update the extension on this server, or fit the model again.");
    return model;
}

}  // namespace

std::string encode_model(const Model& model) {
    const std::string payload = payload_of(model);
    Writer out;
    out.reserve(kModelHeaderBytes + payload.size());
    out.raw(kMagic);
    out.u8(kFormatVersion);
    out.raw(std::string_view("\0\0\0", 3));
    out.u64(checksum64(payload));
    out.raw(payload);
    return out.take();
}

std::unique_ptr<Model> decode_model(std::string_view bytes, ModelRegistry registry) {
    return decode_payload(open(bytes).payload, registry);
}

std::uint64_t model_checksum(std::string_view bytes) {
    Reader in(bytes);
    return read_header(in).checksum;
}

std::string model_to_json(const Model& model) {
    return to_json(Document::object()
                       .set("kind", Document(std::string(model.kind())))
                       .set("version", Document(static_cast<std::int64_t>(model.version())))
                       .set("checksum", Document(hex(checksum64(payload_of(model)))))
                       .set("body", model.body()));
}

std::unique_ptr<Model> model_from_json(std::string_view text, ModelRegistry registry) {
    const Document document = from_json(text, "model");
    auto model = decode_payload(document, registry);
    if (document.at("checksum").as_string() != hex(checksum64(payload_of(*model))))
        throw Error(ErrorCode::kCorruptValue, "model does not match its checksum",
                    "Use the text that the database printed, unchanged.");
    return model;
}

Document describe_model(std::string_view bytes, ModelRegistry registry) {
    const Envelope envelope = open(bytes);
    const auto model = decode_payload(envelope.payload, registry);
    Document info = Document::object();
    info.set("kind", Document(std::string(model->kind())))
        .set("version", Document(static_cast<std::int64_t>(model->version())))
        .set("format_version", Document(static_cast<std::int64_t>(envelope.format_version)))
        .set("bytes", Document(static_cast<std::int64_t>(bytes.size())))
        .set("checksum", Document(hex(envelope.checksum)));
    const Document summary = model->summary();
    for (const auto& [name, field] : summary.as_fields()) info.set(name, field);
    return info;
}

}  // namespace ecom::core
