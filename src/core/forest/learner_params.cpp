#include "core/forest/learner_params.hpp"

#include <cmath>
#include <iomanip>
#include <iterator>
#include <sstream>

#include "core/base/error.hpp"
#include "core/forest/binning.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Option {
    std::string_view name;
    bool forest, boosting, values;  // who knows it; whether learners of numbers do
    bool linear = false;
};

constexpr Option kOptions[] = {
    {"trees", true, true, true},          {"max_depth", true, true, true},        {"min_leaf", true, true, true},
    {"mtry", true, true, true},           {"bins", true, true, true},             {"splits", true, false, true},
    {"bootstrap", true, false, true},     {"class_weight", true, true, false},    {"positive_weight", true, true, false},
    {"calibration", true, false, false},  {"learning_rate", false, true, true},   {"l2", false, true, true, true},
    {"seed", true, true, true},           {"exclude", true, true, true, true},    {"penalty", false, false, true, true},
    {"l1_ratio", false, false, true, true},
};

bool knows(const Option& option, Learner learner, bool classify) {
    if (learner == Learner::kLinear) return option.linear;
    return (learner == Learner::kForest ? option.forest : option.boosting) && (classify || option.values);
}

[[noreturn]] void refuse(const std::string& name, const std::string& why, const std::string& hint = {}) {
    throw Error(ErrorCode::kInvalidArgument, "option \"" + name + "\" " + why, hint);
}

void check_known(const std::string& name, Learner learner, bool classify) {
    std::string known;
    for (const Option& option : kOptions) {
        if (!knows(option, learner, classify)) continue;
        if (option.name == name) return;
        known += (known.empty() ? "" : ", ") + std::string(option.name);
    }
    throw Error(ErrorCode::kInvalidArgument, "option \"" + name + "\" is unknown to this learner", "Its options are " + known + ".");
}

std::vector<std::string> texts(const std::string& name, const Document& value) {
    std::vector<std::string> out;
    if (const auto* strings = std::get_if<Document::Strings>(&value.value())) return *strings;
    const auto* list = std::get_if<Document::List>(&value.value());
    if (list == nullptr) refuse(name, "is not a list of names");
    for (const Document& item : *list) {
        const auto* text = std::get_if<std::string>(&item.value());
        if (text == nullptr) refuse(name, "is not a list of names");
        out.push_back(*text);
    }
    return out;
}

double number(const std::string& name, const Document& value, double low, double high) {
    double x = 0;
    if (const auto* i = std::get_if<std::int64_t>(&value.value()))
        x = static_cast<double>(*i);
    else if (const auto* d = std::get_if<double>(&value.value()))
        x = *d;
    else
        refuse(name, "is not a number");
    if (!(x >= low && x <= high)) {
        std::ostringstream range;
        range << std::setprecision(12) << "Use " << low << " to " << high << ".";
        refuse(name, "is out of range", range.str());
    }
    return x;
}

int integer(const std::string& name, const Document& value, int low, int high) {
    const double x = number(name, value, low, high);
    if (x != std::floor(x)) refuse(name, "is not a whole number");
    return static_cast<int>(x);
}

bool one_of(const std::string& name, const Document& value, std::string_view no, std::string_view yes) {
    if (const auto* text = std::get_if<std::string>(&value.value())) {
        if (*text == no) return false;
        if (*text == yes) return true;
    }
    refuse(name, "is neither " + std::string(no) + " nor " + std::string(yes));
}

constexpr std::string_view kCalibrations[] = {"none", "platt", "isotonic"};

Calibration calibration_of(const Document& value) {
    if (const auto* text = std::get_if<std::string>(&value.value()))
        for (std::size_t c = 0; c < std::size(kCalibrations); ++c)
            if (*text == kCalibrations[c]) return static_cast<Calibration>(c);
    refuse("calibration", "must be none, platt or isotonic");
}

}  // namespace

LearnerParams LearnerParams::from(Learner learner, bool classify, const Document& options) {
    LearnerParams p;
    p.learner = learner;
    p.classify = classify;
    if (learner == Learner::kBoosting) {
        p.max_depth = 6;
        p.bootstrap = false;
    }
    if (learner == Learner::kLinear) p.lambda = 0;
    const auto* fields = std::get_if<Document::Fields>(&options.value());
    if (fields == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "options are not a JSON object",
                    R"(Write them as '{"trees": 200, "max_depth": 8}'.)");
    for (const auto& [name, value] : *fields) {
        check_known(name, learner, classify);
        if (name == "trees") p.trees = integer(name, value, 1, 10000);
        else if (name == "max_depth") p.max_depth = integer(name, value, 0, 60);
        else if (name == "min_leaf") p.min_leaf = integer(name, value, 1, 1000000000);
        else if (name == "mtry") p.mtry = integer(name, value, 0, static_cast<int>(kMaxRowFeatures));
        else if (name == "bins") p.bins = integer(name, value, 2, kMaxHistogramBins);
        else if (name == "splits") p.exact = one_of(name, value, "histogram", "exact");
        else if (name == "bootstrap") {
            const auto* b = std::get_if<bool>(&value.value());
            if (b == nullptr) refuse(name, "is not true or false");
            p.bootstrap = *b;
        } else if (name == "class_weight") p.balanced = one_of(name, value, "none", "balanced");
        else if (name == "positive_weight") p.positive_weight = number(name, value, 1e-6, 1e6);
        else if (name == "calibration") p.calibration = calibration_of(value);
        else if (name == "seed") p.seed = static_cast<std::int64_t>(number(name, value, -9e15, 9e15));
        else if (name == "learning_rate") p.learning_rate = number(name, value, 1e-6, 1);
        else if (name == "l2") p.lambda = number(name, value, 0, 1e9);
        else if (name == "penalty") p.penalty = number(name, value, 0, 1e9);
        else if (name == "l1_ratio") p.l1_ratio = number(name, value, 0, 1);
        else if (name == "exclude") p.exclude = texts(name, value);
    }
    if (p.calibration != Calibration::kNone && !p.bootstrap) refuse("calibration", "needs the out-of-bag predictions of a forest with bootstrap");
    if (p.l1_ratio > 0 && p.penalty == 0) refuse("l1_ratio", "needs a penalty to share out", R"(Add for example "penalty": 0.1.)");
    if (p.penalty > 0 && p.lambda > 0 && learner == Learner::kLinear) refuse("penalty", "and option \"l2\" are two names of one thing", "Use penalty with l1_ratio, or l2.");
    return p;
}

Document LearnerParams::document() const {
    Document d = Document::object();
    d.set("trees", Document(static_cast<std::int64_t>(trees)))
        .set("max_depth", Document(static_cast<std::int64_t>(max_depth)))
        .set("min_leaf", Document(static_cast<std::int64_t>(min_leaf)))
        .set("mtry", Document(static_cast<std::int64_t>(mtry)))
        .set("splits", Document(std::string(exact ? "exact" : "histogram")))
        .set("bins", Document(static_cast<std::int64_t>(bins)))
        .set("seed", Document(seed));
    if (learner == Learner::kBoosting)
        d.set("learning_rate", Document(learning_rate)).set("l2", Document(lambda));
    else
        d.set("bootstrap", Document(bootstrap));
    if (classify)
        d.set("class_weight", Document(std::string(balanced ? "balanced" : "none")))
            .set("positive_weight", Document(positive_weight))
            .set("calibration", Document(std::string(kCalibrations[static_cast<std::size_t>(calibration)])));
    return d;
}

}  // namespace ecom::core
