#include "core/base/model.hpp"

#include <cmath>

#include "core/base/checksum.hpp"
#include "core/base/json.hpp"
#include "core/base/state.hpp"
#include "core/catalog/models.hpp"
#include "core/rfm/segments.hpp"
#include "core/stats/quantile_bins.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

QuantileBins sample() { return QuantileBins({1.5, 2.5, 10.0}, false, true, 17, -3.0, 99.0); }

std::string enveloped(const Document& payload) {
    Writer body;
    payload.encode(body);
    Writer out;
    out.raw("ECMD");
    out.u8(1);
    out.raw(std::string_view("\0\0\0", 3));
    out.u64(checksum64(body.bytes()));
    out.raw(body.bytes());
    return out.take();
}

Document payload(const std::string& kind, std::int64_t version) {
    return Document::object()
        .set("kind", Document(kind))
        .set("version", Document(version))
        .set("body", sample().body());
}

TEST(Model, BinaryFormRoundTrips) {
    const std::string bytes = encode_model(sample());
    const auto model = decode_model(bytes, find_model_decoder);
    EXPECT_EQ(model->kind(), "quantile_bins");
    EXPECT_EQ(model->body(), sample().body());
    EXPECT_EQ(encode_model(*model), bytes);
    EXPECT_EQ(model_checksum(bytes), checksum64(std::string_view(bytes).substr(kModelHeaderBytes)));
}

TEST(Model, JsonFormRoundTrips) {
    const auto model = model_from_json(model_to_json(sample()), find_model_decoder);
    EXPECT_EQ(encode_model(*model), encode_model(sample()));
    for (const std::string& name : segment_scheme_names()) {
        const SegmentRules rules = segment_scheme(name);
        EXPECT_EQ(encode_model(*model_from_json(model_to_json(rules), find_model_decoder)),
                  encode_model(rules));
    }
}

TEST(Model, EveryFlippedByteIsRefused) {
    const std::string bytes = encode_model(sample());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const int mask : {0x01, 0x80, 0xff}) {
            std::string damaged = bytes;
            damaged[i] = static_cast<char>(damaged[i] ^ mask);
            EXPECT_ERROR_CODE(decode_model(damaged, find_model_decoder), kCorruptValue) << i;
        }
    }
}

TEST(Model, EveryTruncationAndExtensionIsRefused) {
    const std::string bytes = encode_model(sample());
    for (std::size_t n = 0; n < bytes.size(); ++n)
        EXPECT_ERROR_CODE(decode_model(bytes.substr(0, n), find_model_decoder), kCorruptValue) << n;
    EXPECT_ERROR_CODE(decode_model(bytes + '\0', find_model_decoder), kCorruptValue);
}

TEST(Model, UnknownKindsAndVersionsAreRefused) {
    EXPECT_NO_THROW(decode_model(enveloped(payload("quantile_bins", 1)), find_model_decoder));
    const Error kind = test::error_of(
        [] { decode_model(enveloped(payload("crystal_ball", 1)), find_model_decoder); });
    EXPECT_EQ(kind.code(), ErrorCode::kCorruptValue);
    EXPECT_NE(std::string(kind.what()).find("\"crystal_ball\""), std::string::npos);
    for (const std::int64_t version : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40})
        EXPECT_ERROR_CODE(
            decode_model(enveloped(payload("quantile_bins", version)), find_model_decoder),
            kCorruptValue);

    std::string newer = encode_model(sample());
    newer[4] = 2;
    const Error format = test::error_of([&] { decode_model(newer, find_model_decoder); });
    EXPECT_EQ(std::string(format.what()), "model has format version 2, this release reads 1");
}

TEST(Model, FieldsThatContradictEachOtherAreRefused) {
    const auto body = [](Document::Doubles cuts) {
        return Document::object()
            .set("kind", Document(std::string("quantile_bins")))
            .set("version", Document(std::int64_t{1}))
            .set("body", Document::object()
                             .set("cuts", Document(std::move(cuts)))
                             .set("left_closed", Document(false))
                             .set("descending", Document(false))
                             .set("rows", Document(std::int64_t{1}))
                             .set("min", Document(0.0))
                             .set("max", Document(1.0)));
    };
    EXPECT_NO_THROW(decode_model(enveloped(body({1, 2})), find_model_decoder));
    for (const Document::Doubles& cuts :
         {Document::Doubles{2, 1}, Document::Doubles{}, Document::Doubles{1, INFINITY},
          Document::Doubles(10, 1.0)})
        EXPECT_ERROR_CODE(decode_model(enveloped(body(cuts)), find_model_decoder), kCorruptValue);
    EXPECT_ERROR_CODE(decode_model(enveloped(Document(1.0)), find_model_decoder), kCorruptValue);
}

TEST(Model, EditedJsonIsRefused) {
    std::string text = model_to_json(sample());
    text.replace(text.find("2.5"), 3, "2.6");
    EXPECT_EQ(
        std::string(test::error_of([&] { model_from_json(text, find_model_decoder); }).what()),
        "model does not match its checksum");
    EXPECT_ERROR_CODE(model_from_json("{}", find_model_decoder), kCorruptValue);
    EXPECT_ERROR_CODE(model_from_json("[1]", find_model_decoder), kCorruptValue);
}

TEST(Model, OtherKindIsNamed) {
    const Error e = test::error_of([] { model_as<SegmentRules>(sample()); });
    EXPECT_EQ(e.code(), ErrorCode::kWrongKind);
    EXPECT_EQ(std::string(e.what()), "model is of kind \"quantile_bins\", not \"rfm_rules\"");
    EXPECT_EQ(&model_as<QuantileBins>(static_cast<const Model&>(sample())).kKind,
              &QuantileBins::kKind);
}

TEST(Model, DescriptionNamesWhatItIs) {
    const Document info = describe_model(encode_model(sample()), find_model_decoder);
    EXPECT_EQ(info.at("kind").as_string(), "quantile_bins");
    EXPECT_EQ(info.at("format_version").as_int(), 1);
    EXPECT_EQ(info.at("bins").as_int(), 4);
    EXPECT_EQ(info.at("rows").as_int(), 17);
    EXPECT_EQ(info.at("checksum").as_string().size(), 16U);
    EXPECT_EQ(info.at("bytes").as_int(), static_cast<std::int64_t>(encode_model(sample()).size()));
}

TEST(State, HeaderIsChecked) {
    const QuantileBinsState state(5, false);
    const std::string bytes = encode_state(state);
    EXPECT_EQ(state_kind(bytes), "quantile_bins");
    EXPECT_NO_THROW(open_state(bytes, "quantile_bins"));
    EXPECT_ERROR_CODE(open_state(bytes, "rfm"), kWrongKind);
    EXPECT_ERROR_CODE(open_state("ECMD", "rfm"), kCorruptValue);
    EXPECT_ERROR_CODE(state_kind(""), kCorruptValue);
    std::string newer = bytes;
    newer[4] = 9;
    EXPECT_ERROR_CODE(state_kind(newer), kCorruptValue);
}

}  // namespace
}  // namespace ecom::core
