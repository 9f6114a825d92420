#include "core/forecast/method.hpp"

#include <algorithm>
#include <cmath>

#include "core/forecast/naive.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

[[noreturn]] void wrong_type(std::string_view name, const char* wanted) {
    throw Error(ErrorCode::kInvalidArgument, "option \"" + std::string(name) + "\" must be " + wanted,
                "Write it as JSON, as in '{\"period\": 12}'.");
}

double as_number(const Document& field, std::string_view name) {
    if (const auto* whole = std::get_if<std::int64_t>(&field.value())) return static_cast<double>(*whole);
    if (const auto* real = std::get_if<double>(&field.value())) return *real;
    wrong_type(name, "a number");
}

std::int64_t as_integer(const Document& field, std::string_view name) {
    const double number = as_number(field, name);
    if (number != std::floor(number) || std::fabs(number) > 1e15) wrong_type(name, "a whole number");
    return static_cast<std::int64_t>(number);
}

}  // namespace

Options::Options(Document document) : document_(std::move(document)) {
    if (std::holds_alternative<std::monostate>(document_.value())) document_ = Document::object();
    if (!std::holds_alternative<Document::Fields>(document_.value()))
        throw Error(ErrorCode::kInvalidArgument, "options must be a JSON object", "Use, for example, '{\"period\": 12}'.");
}

const Document* Options::take(std::string_view name) {
    read_.emplace_back(name);
    const Document* field = document_.find(name);
    if (field == nullptr || std::holds_alternative<std::monostate>(field->value())) return nullptr;
    return field;
}

std::optional<std::int64_t> Options::integer(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    return as_integer(*field, name);
}

std::optional<double> Options::number(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    return as_number(*field, name);
}

std::optional<bool> Options::boolean(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* flag = std::get_if<bool>(&field->value())) return *flag;
    wrong_type(name, "true or false");
}

std::optional<std::string> Options::text(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* word = std::get_if<std::string>(&field->value())) return *word;
    wrong_type(name, "a text");
}

std::optional<std::vector<double>> Options::numbers(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* reals = std::get_if<Document::Doubles>(&field->value())) return *reals;
    if (const auto* wholes = std::get_if<Document::Ints>(&field->value()))
        return std::vector<double>(wholes->begin(), wholes->end());
    if (const auto* list = std::get_if<Document::List>(&field->value())) {
        std::vector<double> values;
        for (const Document& item : *list) values.push_back(as_number(item, name));
        return values;
    }
    if (const auto* strings = std::get_if<Document::Strings>(&field->value()); strings != nullptr && strings->empty())
        return std::vector<double>{};
    wrong_type(name, "an array of numbers");
}

std::optional<std::vector<std::int64_t>> Options::integers(std::string_view name) {
    const auto reals = numbers(name);
    if (!reals) return std::nullopt;
    std::vector<std::int64_t> wholes;
    for (const double real : *reals) wholes.push_back(as_integer(Document(real), name));
    return wholes;
}

void Options::finish() const {
    for (const auto& [name, field] : document_.as_fields()) {
        if (std::find(read_.begin(), read_.end(), name) != read_.end()) continue;
        std::string known;
        for (const std::string& option : read_) known += (known.empty() ? "" : ", ") + option;
        throw Error(ErrorCode::kInvalidArgument, "option \"" + name + "\" is not known", "Options are " + known + ".");
    }
}

FitRequest fit_request(std::string_view method, const Document& document) {
    const Method* found = find_method(method);
    if (found == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "forecasting method \"" + std::string(method) + "\" is not known",
                    "Use auto, arima, ets, theta, regression, naive, seasonal_naive, drift or mean.");
    Options options(document);
    FitRequest request;
    if (const auto step = options.text("step")) request.rules.step = parse_step(*step);
    if (const auto rule = options.text("duplicates")) request.rules.duplicates = parse_duplicates(*rule);
    if (request.rules.duplicates != Duplicates::kSum) request.rules.gaps = Gaps::kLinear;
    if (const auto rule = options.text("gaps")) request.rules.gaps = parse_gaps(*rule);
    if (const auto period = options.integer("period")) {
        if (*period < 1 || *period > 100'000)
            throw Error(ErrorCode::kInvalidArgument, "period " + std::to_string(*period) + " is out of range",
                        "Use the number of steps after which the season repeats: 7 for days, 12 for months, 1 for none.");
        request.period = static_cast<std::size_t>(*period);
    }
    if (const auto level = options.number("level")) request.level = *level;
    check_level(request.level);
    request.nonnegative = options.boolean("nonnegative").value_or(false);
    request.fit = found->configure(options);
    options.finish();
    return request;
}

std::unique_ptr<Forecaster> fit_points(const Points& points, const StepEvidence& evidence, const FitRequest& request,
                                       std::string& status, Host& host) {
    RegularSeries series;
    try {
        series = regular_series(points, evidence, request.rules, host);
    } catch (const Error& e) {
        if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNonFiniteInput) throw;
        status = e.what();
        return nullptr;
    }
    if (series.size() == 0) {
        status = "no values";
        return nullptr;
    }
    return fit_series(series, request, status, host);
}

std::unique_ptr<Forecaster> fit_series(const RegularSeries& series, const FitRequest& request, std::string& status,
                                       Host& host) {
    const std::size_t period = request.period.value_or(usual_period(series.grid.step()));
    std::unique_ptr<Forecaster> model;
    status = "ok";
    if (is_constant(series.values)) {
        status = series.size() == 1 ? "one value: it is repeated" : "constant: its value is repeated";
    } else {
        try {
            model = request.fit(series, period, host);
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNumericFailure &&
                e.code() != ErrorCode::kNonFiniteInput)
                throw;
            status = std::string(e.what()) + ": the last value is repeated";
        }
    }
    if (model == nullptr) model = fit_naive(series, period, NaiveKind::kNaive, host);
    FittedSeries& fitted = model->series();
    fitted.rules = request.rules;
    fitted.future = series.future;
    if (status != "ok") fitted.status = status;
    status = fitted.status;
    return model;
}

}  // namespace ecom::core
