#include "core/base/document.hpp"

#include <cmath>
#include <limits>

#include "core/base/json.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMinInt = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxInt = std::numeric_limits<std::int64_t>::max();

std::string encoded(const Document& document) {
    Writer out;
    document.encode(out);
    return out.take();
}

Document decoded(const std::string& bytes) {
    Reader in(bytes);
    Document document = Document::decode(in);
    in.expect_end();
    return document;
}

Document sample() {
    return Document::object()
        .set("null", Document())
        .set("yes", Document(true))
        .set("no", Document(false))
        .set("int", Document(kMinInt))
        .set("double", Document(0.1))
        .set("text", Document(std::string("a \"quoted\" \xc3\xa9 text\n")))
        .set("bytes", Document(Document::Ints{-128, 127}))
        .set("shorts", Document(Document::Ints{-32768, 32767}))
        .set("words", Document(Document::Ints{-2147483648LL, 2147483647}))
        .set("longs", Document(Document::Ints{kMinInt, 0, kMaxInt}))
        .set("doubles", Document(Document::Doubles{1.0, -0.5, 1e300, 5e-324}))
        .set("texts", Document(Document::Strings{"", "x"}))
        .set("list", Document(Document::List{Document(true), Document(Document::Ints{1, 2})}))
        .set("nested", Document::object().set("inner", Document::object().set("x", Document(1.5))));
}

TEST(Document, BinaryRoundTripIsExact) {
    EXPECT_EQ(decoded(encoded(sample())), sample());
    EXPECT_EQ(decoded(encoded(Document())), Document());
    EXPECT_EQ(decoded(encoded(Document::object())), Document::object());
    for (const double v : {kInfinity, -kInfinity, -0.0}) {
        const double back = decoded(encoded(Document(v))).as_double();
        EXPECT_EQ(back, v);
        EXPECT_EQ(std::signbit(back), std::signbit(v));
    }
    EXPECT_TRUE(std::isnan(decoded(encoded(Document(kNan))).as_double()));
}

TEST(Document, IntegersTakeTheWidthTheyNeed) {
    EXPECT_EQ(encoded(Document(Document::Ints{1, -128})).size(), 5U + 2U);
    EXPECT_EQ(encoded(Document(Document::Ints{1, 128})).size(), 5U + 4U);
    EXPECT_EQ(encoded(Document(Document::Ints{1, 32768})).size(), 5U + 8U);
    EXPECT_EQ(encoded(Document(Document::Ints{1, 1LL << 31})).size(), 5U + 16U);
}

TEST(Document, JsonRoundTripKeepsEveryBit) {
    EXPECT_EQ(from_json(to_json(sample()), "model"), sample());
    for (const double v : {0.1, 1.0 / 3.0, 1.0, -0.0, 1e22, 5e-324, 1.7976931348623157e308}) {
        const double back = from_json(to_json(Document(v)), "model").as_double();
        EXPECT_EQ(back, v);
        EXPECT_EQ(std::signbit(back), std::signbit(v));
    }
    EXPECT_EQ(from_json(to_json(Document(kMaxInt)), "model").as_int(), kMaxInt);
}

TEST(Document, JsonCarriesNonFiniteNumbersAsTexts) {
    EXPECT_EQ(to_json(Document(Document::Doubles{kNan, kInfinity, -kInfinity, 1.5})),
              R"(["NaN","Infinity","-Infinity",1.5])");
    const auto mixed = from_json(R"(["NaN","Infinity","-Infinity",1.5])", "model").as_doubles();
    EXPECT_TRUE(std::isnan(mixed[0]));
    EXPECT_EQ(mixed[1], kInfinity);
    EXPECT_EQ(mixed[2], -kInfinity);
    EXPECT_EQ(mixed[3], 1.5);
    const auto all = from_json(R"(["NaN","-Infinity"])", "model").as_doubles();
    EXPECT_TRUE(std::isnan(all[0]));
    EXPECT_EQ(all[1], -kInfinity);
    EXPECT_EQ(from_json(R"("Infinity")", "model").as_double(), kInfinity);
}

TEST(Document, EmptyArrayReadsAsAnyArray) {
    const Document empty = from_json("[]", "model");
    EXPECT_TRUE(empty.as_ints().empty());
    EXPECT_TRUE(empty.as_doubles().empty());
    EXPECT_TRUE(empty.as_strings().empty());
    EXPECT_TRUE(empty.as_list().empty());
}

TEST(Document, WholeNumbersReadAsDoubles) {
    EXPECT_EQ(from_json("[1,2]", "model").as_doubles(), (Document::Doubles{1, 2}));
    EXPECT_EQ(from_json("7", "model").as_double(), 7.0);
    EXPECT_EQ(from_json("18446744073709551615", "model").as_double(), 18446744073709551615.0);
}

TEST(Document, WrongTypesAndMissingFieldsAreRefused) {
    const Document document = Document::object().set("x", Document(1.5));
    EXPECT_ERROR_CODE(document.at("y"), kCorruptValue);
    EXPECT_EQ(document.find("y"), nullptr);
    EXPECT_ERROR_CODE(document.at("x").as_int(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_bool(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_string(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_ints(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_doubles(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_strings(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").as_list(), kCorruptValue);
    EXPECT_ERROR_CODE(document.at("x").at("z"), kCorruptValue);
    EXPECT_ERROR_CODE(Document(std::string("nan")).as_double(), kCorruptValue);
    EXPECT_ERROR_CODE(Document(Document::Strings{"NaN", "one"}).as_doubles(), kCorruptValue);
}

TEST(Document, MalformedJsonIsRefused) {
    for (const char* text : {"", "{", "[1,", "nul", "{\"a\":}", "1 2", "\"\xff\"", "[1,]", "NaN"})
        EXPECT_ERROR_CODE(from_json(text, "model"), kCorruptValue) << text;
}

TEST(Document, DeepNestingIsRefusedInBothForms) {
    Document nested;
    for (int i = 0; i < 64; ++i) nested = Document(Document::List{nested});
    EXPECT_EQ(decoded(encoded(nested)), nested);
    EXPECT_EQ(from_json(to_json(nested), "model"), nested);

    const Document deeper = Document(Document::List{nested});
    EXPECT_ERROR_CODE(decoded(encoded(deeper)), kCorruptValue);
    EXPECT_ERROR_CODE(from_json(to_json(deeper), "model"), kCorruptValue);

    const std::string bomb = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_ERROR_CODE(from_json(bomb, "model"), kCorruptValue);
    std::string lists;
    for (int i = 0; i < 100'000; ++i) lists += std::string("\x0c\x01\x00\x00\x00", 5);
    EXPECT_ERROR_CODE(decoded(lists), kCorruptValue);
}

TEST(Document, ForgedCountsAreRefusedBeforeAllocation) {
    for (int tag = 5; tag <= 13; ++tag) {
        const std::string bytes = std::string(1, static_cast<char>(tag)) +
                                  "\xff\xff\xff\xff"
                                  "abcdefgh";
        EXPECT_ERROR_CODE(decoded(bytes), kCorruptValue) << tag;
    }
    EXPECT_ERROR_CODE(decoded("\x0e"), kCorruptValue);
    EXPECT_ERROR_CODE(decoded(""), kCorruptValue);
}

TEST(Document, EveryTruncationIsRefused) {
    const std::string bytes = encoded(sample());
    for (std::size_t n = 0; n < bytes.size(); ++n)
        EXPECT_ERROR_CODE(decoded(bytes.substr(0, n)), kCorruptValue) << n;
}

}  // namespace
}  // namespace ecom::core
